"""Conversations of years past: read in three forms, and tagged whole rather than by message."""

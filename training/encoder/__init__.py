"""Recipes that make the encoders shipped in ``models/``."""

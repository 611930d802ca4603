"""Readers of other systems' articles; each yields drafts, and reasons for what is none."""

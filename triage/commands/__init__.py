"""Subcommands of ``triage`` that need the engine alone."""

"""The subcommands of ``triage`` that fit and measure: one module each."""

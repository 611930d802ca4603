"""Where `triage kb gaps` draws its lines unless told otherwise; a command may import it."""

from __future__ import annotations

BELOW = 0.5
MIN_SIZE = 3
OLD = 365  # days
SOON = 14  # days

"""Bursts: incidents in a stream of tagged messages, told from what the hour brings anyway.

``BurstDetector`` takes one ``Event`` at a time, with its category, intent and vector made
elsewhere, and gives ``Incident`` values. Nothing here loads a model, reads a clock or keeps a
text that was not redacted.
"""

from __future__ import annotations

from triage.bursts.calendar import Calendar, Period, read_periods
from triage.bursts.detector import BurstDetector
from triage.bursts.event import Event, Evidence, Incident, Kind, Topic
from triage.bursts.sensitivity import Sensitivity

__all__ = [
    "BurstDetector",
    "Calendar",
    "Event",
    "Evidence",
    "Incident",
    "Kind",
    "Period",
    "Sensitivity",
    "Topic",
    "read_periods",
]

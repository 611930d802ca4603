"""A detector's state in a file, so that a service that restarts forgets nothing."""

from __future__ import annotations

from pathlib import Path

import orjson

from triage.bursts.calendar import Calendar
from triage.bursts.casefile import Redact
from triage.bursts.detector import BurstDetector
from triage.bursts.sensitivity import Sensitivity
from triage.errors import RecordError
from triage.records import whole_file


def save_detector(detector: BurstDetector, path: Path) -> None:
    """Write a detector's state as JSON, whole or not at all; texts only as the detector redacts.

    Raises:
        RecordError: the file cannot be written.
    """
    with whole_file(path) as stream:
        stream.write(orjson.dumps(detector.to_dict()))


def load_detector(
    path: Path,
    sensitivity: Sensitivity | None = None,
    *,
    calendar: Calendar | None = None,
    redact: Redact = None,
) -> BurstDetector:
    """Read a detector that ``save_detector`` wrote; it goes on as if it had never stopped.

    Raises:
        RecordError: the file cannot be read, is damaged or of another version.
    """
    try:
        state = orjson.loads(path.read_bytes())
    except OSError as fault:
        raise RecordError(
            f"{path} cannot be read: {fault.strerror}; check path and rights"
        ) from fault
    except orjson.JSONDecodeError as fault:
        raise RecordError(f"{path} is not JSON: {fault}; learn anew from history") from fault
    if not isinstance(state, dict):
        raise RecordError(f"{path} holds no detector's state; learn anew from history")
    return BurstDetector.from_dict(state, sensitivity, calendar=calendar, redact=redact)

"""The sentiment flag: the head's label with finer flags read from word signals."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from triage.domain import Sentiment, SentimentVerdict
from triage.errors import ConfigError
from triage.signals import Signal, find_signals, read_toml, signal_from

if TYPE_CHECKING:
    from triage.classifier import Prediction

DEFAULT_FLAGS = Path(__file__).parent / "resources" / "sentiment.toml"
_PRAISE = "praising"


@dataclass(frozen=True, slots=True)
class SentimentReader:
    """Joins the learnt label with flags; a flag never contradicts the label."""

    flags: tuple[Signal, ...]

    def judge(self, text: str, learnt: Prediction) -> SentimentVerdict:
        """Return label, calibrated confidence and flags of a message as written."""
        label = Sentiment(learnt.best)
        praised = label is Sentiment.POSITIVE
        shown = [hit.name for hit in find_signals(self.flags, text)]
        flags = tuple(name for name in shown if (name == _PRAISE) == praised)
        confidence = float(learnt.probabilities.max())
        return SentimentVerdict(label=label, confidence=confidence, flags=flags)


def load_flags(path: Path = DEFAULT_FLAGS) -> SentimentReader:
    """Read the flags' word signals; raises ConfigError naming the entry at fault."""
    entries = read_toml(path).get("signal", [])
    if not isinstance(entries, list):
        raise ConfigError(f"{path}: 'signal' must be a list of tables, [[signal]]")
    return SentimentReader(tuple(signal_from(entry, source=str(path)) for entry in entries))

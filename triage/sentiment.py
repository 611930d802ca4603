"""The sentiment of a message: the head's probabilities joined with cues, and the finer flags.

Which words are cues, and where they stand, is left to ``cues``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from triage.cue_file import DEFAULT_CUES, read_cues
from triage.cues import CueHit, Cues
from triage.domain import Sentiment, SentimentCue, SentimentVerdict

if TYPE_CHECKING:
    from triage.classifier import Prediction

PRAISING = "praising"
_FLOOR = 1e-6  # keeps logarithms finite
Weights = Mapping[str, Mapping[str, float]]  # cue to label to log-odds


@dataclass(frozen=True, slots=True)
class SentimentReader:
    """Joins the learnt label with cues; the flags that are shown never contradict the outcome.

    The cues of a message add their weights to the logarithms of the head's probabilities, which
    are then made to sum to 1 again: multinomial logistic regression on the cues with the head's
    answer as offset (McCullagh & Nelder 1989, "Generalized Linear Models", section 5.2). So the
    confidence stays a probability, and a cue that the head has already heard gets a small weight.

    Attributes:
        weights: by cue, those that were fitted with the head; the file's stand in for the others.
    """

    cues: Cues
    weights: Weights = field(default_factory=dict)

    def judge(self, text: str, learnt: Prediction) -> SentimentVerdict:
        """Return label, calibrated confidence, flags and cues of a message as written."""
        hits = self.cues.find(text)
        shares = [float(share) for share in learnt.probabilities]
        joined = self._joined(learnt.labels, shares, hits) if hits else shares
        best = max(range(len(joined)), key=joined.__getitem__)
        label = Sentiment(learnt.labels[best])
        shown = [hit for hit in hits if _agrees(hit.cue.flag, label)]
        return SentimentVerdict(
            label=label,
            confidence=joined[best],
            flags=tuple(dict.fromkeys(str(hit.cue.flag) for hit in shown)),
            cues=tuple(
                SentimentCue(str(found.cue.flag), found.hit.evidence, found.hit.start,
                             found.hit.end)
                for found in shown
            ),
        )  # fmt: skip

    def _joined(
        self, labels: Sequence[str], shares: Sequence[float], hits: Sequence[CueHit]
    ) -> list[float]:
        scores = [math.log(share + _FLOOR) for share in shares]
        for hit in hits:
            weights = self.weights.get(hit.cue.name, hit.cue.weights)
            for number, label in enumerate(labels):
                scores[number] += hit.times * weights.get(label, 0.0)
        top = max(scores)
        raised = [math.exp(score - top) for score in scores]
        total = sum(raised)
        return [each / total for each in raised]


def load_flags(path: Path = DEFAULT_CUES, *, weights: Weights | None = None) -> SentimentReader:
    """Read the cues; ``weights`` are those of a bundle, by cue and label.

    Raises:
        ConfigError: naming the entry at fault.
    """
    return SentimentReader(read_cues(path), weights or {})


def _agrees(flag: str | None, label: Sentiment) -> bool:
    if flag is None or label is Sentiment.NEUTRAL:
        return flag is not None
    return (flag == PRAISING) == (label is Sentiment.POSITIVE)

"""How well key information is found: exact matches of type and place, with intervals.

Labelled messages come from a file of JSON lines, which has two halves: one to learn from, one that
only measures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import orjson

from training.metrics import RESAMPLES, Estimate
from triage.errors import RecordError
from triage.extraction import KeyInfoExtractor
from triage.text import detect_language

if TYPE_CHECKING:
    from numpy.typing import NDArray

MICRO = "micro"


class Span(NamedTuple):
    """A typed place in a text; ``value`` is compared apart from it."""

    type: str
    start: int
    end: int
    value: str = ""

    @property
    def place(self) -> tuple[str, int, int]:
        """Type and offsets: what must agree for a hit."""
        return self.type, self.start, self.end


@dataclass(frozen=True, slots=True)
class SpanFigure:
    """Figures of one type.

    Attributes:
        labelled: spans that the labels hold.
        found: spans that were found.
        hits: spans of both, the same in type, start and end.
        right_values: hits whose normalised value is the labelled one as well.
        f1: exact-span F1 with its 95 % bootstrap interval over messages.
    """

    labelled: int
    found: int
    hits: int
    right_values: int
    f1: Estimate

    @property
    def precision(self) -> float:
        """Share of what was found that is right; 0 where nothing was found."""
        return self.hits / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Share of what is labelled that was found; 0 where nothing is labelled."""
        return self.hits / self.labelled if self.labelled else 0.0


def span_figures(
    labelled: Sequence[Iterable[Span]], found: Sequence[Iterable[Span]], *, seed: int = 0
) -> Mapping[str, SpanFigure]:
    """Return figures by type, in order of name, and of all spans together as ``micro``.

    Exact matching as in the CoNLL-2003 shared task (https://aclanthology.org/W03-0419); the
    bootstrap draws messages, since spans of one message are right or wrong together.

    Args:
        labelled: the right spans of each message.
        found: what was found in it, in the same order of messages.
        seed: of the bootstrap.
    """
    counts = [_counts(list(a), list(b)) for a, b in zip(labelled, found, strict=True)]
    types = sorted({name for count in counts for name, _ in count} - {MICRO})
    draws = np.random.default_rng(seed).multinomial(
        len(counts), [1 / max(len(counts), 1)] * len(counts), size=RESAMPLES
    )
    return {name: _figure(counts, name, draws) for name in [*types, MICRO]}


def _counts(labelled: Sequence[Span], found: Sequence[Span]) -> Counter[tuple[str, str]]:
    values = {span.place: span.value for span in labelled}
    counts: Counter[tuple[str, str]] = Counter()
    for kind, spans in (("labelled", labelled), ("found", found)):
        counts.update((name, kind) for span in spans for name in (span.type, MICRO))
    for span in found:
        if span.place in values:
            kinds = ["hits"] + ["values"] * (values[span.place] == span.value)
            counts.update((name, kind) for kind in kinds for name in (span.type, MICRO))
    return counts


def _figure(
    counts: Sequence[Counter[tuple[str, str]]],
    name: str,
    draws: NDArray[np.int64],
) -> SpanFigure:
    kinds = ("labelled", "found", "hits", "values")
    table = np.array([[count[name, kind] for kind in kinds] for count in counts]).reshape(-1, 4)
    labelled, found, hits, values = (int(n) for n in table.sum(axis=0))
    drawn = draws @ table
    spread = 2 * drawn[:, 2] / np.maximum(drawn[:, 0] + drawn[:, 1], 1)
    low, high = np.quantile(spread, (0.025, 0.975))
    value = 2 * hits / max(labelled + found, 1)
    return SpanFigure(labelled, found, hits, values, Estimate(value, float(low), float(high)))


@dataclass(frozen=True, slots=True)
class LabelledMessage:
    """A message whose key information people have marked."""

    text: str
    written: datetime
    spans: tuple[Span, ...]


def read_labelled(path: Path) -> list[LabelledMessage]:
    """Read messages with ``text``, ``created_at`` and ``entities`` from a file of JSON lines.

    Raises:
        RecordError: a line is no such message, or a span does not hold the text it names.
    """
    messages = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            row = orjson.loads(line)
            text, entities = row["text"], row["entities"]
            spans = [Span(e["type"], e["start"], e["end"], e["value"]) for e in entities]
            wrong = [e for e in entities if text[e["start"] : e["end"]] != e["text"]]
            written = datetime.fromisoformat(row["created_at"])
        except (ValueError, KeyError, TypeError) as fault:
            raise RecordError(
                f"{path}, line {number}: {fault!r}; give text, created_at and entities with type, "
                "text, start, end and value"
            ) from fault
        if wrong:
            raise RecordError(
                f"{path}, line {number}: {wrong[0]['text']!r} does not stand at "
                f"{wrong[0]['start']}:{wrong[0]['end']}; correct the offsets"
            )
        messages.append(LabelledMessage(text, written, tuple(spans)))
    return messages


def development(messages: Sequence[LabelledMessage]) -> list[LabelledMessage]:
    """Return the half whose errors may be looked at: lines 0, 2, 4, ..."""
    return list(messages[0::2])


def held_back(messages: Sequence[LabelledMessage]) -> list[LabelledMessage]:
    """Return the half that only measures: lines 1, 3, 5, ..."""
    return list(messages[1::2])


def extraction_figures(
    extractor: KeyInfoExtractor, messages: Sequence[LabelledMessage]
) -> Mapping[str, SpanFigure]:
    """Return the figures of ``extractor`` on labelled messages, by type and as ``micro``.

    Products are of a shop's own catalogue, so an extractor without one is measured.
    """
    texts = [m.text for m in messages]
    found = extractor.extract(
        texts,
        times=[m.written for m in messages],
        scripts=[detect_language(text).script for text in texts],
    )
    spans = [[Span(k.type, k.start, k.end, k.value) for k in infos] for infos in found]
    return span_figures([m.spans for m in messages], spans)

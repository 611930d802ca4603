"""A run of tagging with a tagger that needs no model, for tests that kill it; also a program."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from triage.domain import (
    Category,
    KeyInfo,
    LabelScore,
    Priority,
    PriorityVerdict,
    Reason,
    Sentiment,
    SentimentCue,
    SentimentVerdict,
    Suggestion,
    TriageResult,
)
from triage.records import Reject, Row
from triage.tagging.checkpoint import Progress
from triage.tagging.fields import Shape
from triage.tagging.run import Target, Work, tag_rows
from triage.tagging.sources import Source, fingerprint

SECRET = "a text that fails and must not be logged, tel 13800138000"
NOW = datetime(2026, 11, 21, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Echo:
    """Answers each row with its text, slowly if asked; a tagger and what makes one."""

    pause: float = 0.0
    version: str = "echo-1"
    deadly: tuple[str, Path] | None = None  # a text that ends the process once, and a mark of it

    def __call__(self, now: datetime) -> Echo:
        del now
        return self

    def lines(self, rows: Sequence[Row | Reject], *, first: int) -> list[bytes]:
        time.sleep(self.pause)
        return [self._line(row, number) for number, row in enumerate(rows, start=first)]

    def _line(self, row: Row | Reject, number: int) -> bytes:
        if isinstance(row, Reject):
            return orjson.dumps({"id": None, "line": row.line, "error": row.reason})
        if self.deadly and row.fields["text"] == self.deadly[0] and not self.deadly[1].exists():
            self.deadly[1].touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if row.fields["text"] == SECRET:
            raise ValueError(SECRET)
        return orjson.dumps(result(f"m-{number}", row.fields["text"]).to_dict())


def result(own: str, text: str, *, review: bool = False) -> TriageResult:
    """Return a result with something in every field; the text is told as evidence."""
    return TriageResult(
        id=own,
        language="zh",
        script="Hans",
        languages={"zh": 0.8, "en": 0.2},
        model="echo-1",
        category=Category(
            label="refund",
            intent="refund/apply",
            confidence=0.75,
            alternatives=(LabelScore("order", 0.25),),
            prediction_set=("refund", "order"),
            familiarity=0.5,
        ),
        team="money",
        priority=PriorityVerdict(
            level=Priority.HIGH,
            score=61,
            reasons=(Reason("overdue", text, 0, len(text)), Reason("vip", "")),
            sla_minutes=60,
        ),
        sentiment=SentimentVerdict(
            label=Sentiment.NEGATIVE,
            confidence=0.9,
            flags=("angry",),
            cues=(SentimentCue("angry", "!!"),),
        ),
        key_info=(
            KeyInfo(type="phone", text="138", value="+86138", start=0, end=3),
            KeyInfo(type="order_id", text="A-1", value="A-1", start=4, end=7, carrier=None),
            KeyInfo(type="order_id", text="A-2", value="A-2", start=8, end=11),
        ),
        suggestions=(
            Suggestion(
                article_id="kb-1",
                category="refund",
                title="Refunds",
                reply="Dear customer",
                language="en",
                similarity=0.5,
                confidence=0.6,
                missing_slots=("order_id",),
                source="kb",
                article_version=2,
            ),
        ),
        needs_review=review,
        review_reasons=("unsure",) if review else (),
        understood_text=text,
    )


def work_of(sources: Sequence[Path], *, echo: Echo | None = None, workers: int = 0) -> Work:
    names = [str(source) for source in sources]
    return Work(
        sources=tuple(Source(name, chosen={}) for name in names),
        make=echo or Echo(),
        workers=workers,
        run={"input": fingerprint(names) or "", "model": (echo or Echo()).version},
        now=NOW,
        window=16,
    )


def target_of(out: Path, *, rejects: Path | None = None, keep: bool = False) -> Target:
    flat = out.name.partition(".")[2] not in ("jsonl", "jsonl.gz", "jsonl.zst", "parquet")
    return Target(out=str(out), kind=Path(out.name), shape=Shape(flat, keep=keep), rejects=rejects)


def run_echo(source: Path, out: Path, *, echo: Echo | None = None) -> Progress:
    work = work_of([source], echo=echo)
    return tag_rows(work, target_of(out, rejects=out.with_name("rejects.jsonl")))


if __name__ == "__main__":
    run_echo(Path(sys.argv[1]), Path(sys.argv[2]), echo=Echo(pause=float(sys.argv[3])))

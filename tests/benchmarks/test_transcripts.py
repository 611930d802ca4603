"""Contentment at the end of helpdesk conversations beside the mean satisfaction of annotators.

The rules were written while looking at the odd rows alone; the figure that counts is of the even.
"""

from __future__ import annotations

import json
from pathlib import Path

from scipy.stats import bootstrap, spearmanr

from triage.engine import TriageEngine
from triage.transcripts.contacts import ContactBook
from triage.transcripts.layout import turns_of
from triage.transcripts.tagger import TaggedTranscript, TranscriptTagger
from triage.transcripts.transcript import Transcript

FILE, TARGET, SEED = "zh-dialogues/stc3-zh.jsonl", 0.35, 0


def test_contentment_ranks_conversations_as_annotators_do(
    bench_data: Path, engine: TriageEngine
) -> None:
    lines = (bench_data / FILE).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    for name, part in (("odd rows (developed on)", rows[1::2]), ("even rows", rows[::2])):
        scores, wanted = _scores(part, engine)
        found = float(spearmanr(scores, wanted).statistic)
        spread = bootstrap(
            (scores, wanted),
            lambda a, b: spearmanr(a, b).statistic,
            paired=True,
            vectorized=False,
            n_resamples=1000,
            method="percentile",
            rng=SEED,
        ).confidence_interval
        print(f"\n{name}: Spearman {found:.3f} ({spread.low:.3f}–{spread.high:.3f}), {len(part)}")  # noqa: T201
    assert found >= TARGET


def _scores(rows: list[dict[str, object]], engine: TriageEngine) -> tuple[list[float], list[float]]:
    transcripts = [Transcript(id=str(row["id"]), turns=turns_of(row["turns"])) for row in rows]
    scores, wanted = [], []
    with ContactBook(0) as contacts:
        tagger = TranscriptTagger(engine, contacts)
        for start in range(0, len(rows), 64):
            tagged = tagger.tag(transcripts[start : start + 64])
            for row, found in zip(rows[start:], tagged, strict=False):
                assert isinstance(found, TaggedTranscript)
                scores.append(found.contentment)
                wanted.append(float(str(row["satisfaction_mean"])))
    return scores, wanted

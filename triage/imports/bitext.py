"""Bitext's table of instructions and responses: one canned reply for each intent.

Its thousands of responses say the same in other words; a shop needs one reply and many questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median_low

from triage.article import ArticleText
from triage.imports.draft import Draft, Unread, article_id, distinct, intent_of
from triage.imports.slots import SlotMap, without_slots
from triage.tables import Row, read_rows

COLUMNS = ("instruction", "category", "intent", "response")
MOST_QUESTIONS = 20
_SHOWN = 200


def read_bitext(path: Path, *, source: str, slots: SlotMap) -> Iterator[Draft | Unread]:
    """Yield an article for each intent, with at most ``MOST_QUESTIONS`` of its instructions.

    They are taken evenly from the file. The reply is the response with fewest slots that are not
    ours, and of these the one whose length is nearest to the median.
    """
    rows: dict[str, list[tuple[str, str]]] = {}
    places: dict[str, str] = {}
    for row in read_rows(path):
        if not isinstance(row, Row):
            yield Unread(f"line {row.line}", row.reason, row.content)
            continue
        instruction, category, intent, response = (
            str(row.fields.get(name) or "").strip() for name in COLUMNS
        )
        if not (instruction and intent and response):
            reason = "has no instruction, intent or response; fill it in or delete the row"
            yield Unread(f"line {row.line}", reason, instruction[:_SHOWN])
            continue
        label = intent_of(category, intent)
        rows.setdefault(label, []).append((instruction, response))
        places.setdefault(label, f"line {row.line}")
    for label, pairs in rows.items():
        yield _draft(label, pairs, place=places[label], source=source, slots=slots)


def _draft(
    label: str, pairs: Sequence[tuple[str, str]], *, place: str, source: str, slots: SlotMap
) -> Draft:
    name = label.rpartition("/")[2].replace("_", " ")
    asked = distinct(without_slots(instruction) for instruction, _ in pairs)
    step = max(len(asked) / MOST_QUESTIONS, 1)
    questions = [asked[int(n * step)] for n in range(min(len(asked), MOST_QUESTIONS))]
    reply = slots.mapped(_plainest([response for _, response in pairs], slots))
    text = ArticleText(title=name.capitalize(), questions=tuple(questions), reply=reply)
    return Draft(
        id=article_id(source, f"{source}/{label}", title=""),
        place=place,
        translations={"en": text},
        intent=label,
    )


def _plainest(responses: Sequence[str], slots: SlotMap) -> str:
    middle = median_low(map(len, responses))
    return min(responses, key=lambda r: (slots.unknown_in(r), abs(len(r) - middle)))

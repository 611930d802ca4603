"""Messages beside the articles' own questions that teach the ranker of replies: what they ask for.

Tickets come with the answers of models that had not seen them; how a ranker learns from them is
left to ``ranker``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from training.features import Stage, encode_all
from triage.classifier import Classifier, Prediction
from triage.errors import InputError
from triage.tables import Reject, read_rows
from triage.text import read

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.corpus import Ticket
    from training.learn import Learnt
    from triage.encoder import Encoder

OUT_OF_SCOPE = "out_of_scope.jsonl"
MOST_TICKETS = 2_500  # of those that ask something; the others all teach
# Tickets that ask the shop for nothing an article could give: chat, praise, other people's
# business. Their article, where there is one, is small talk and worth no suggestion.
NOTHING_ASKED = ("other/greeting", "other/out_of_scope", "other/thanks")


@dataclass(frozen=True, slots=True)
class Asked:
    """Messages beside the articles' questions, as models judge them that had not seen them.

    Attributes:
        texts: normalised.
        vectors: their encodings, shape (texts, dim).
        predictions: of category and intent.
        languages: codes.
        intents: what each asks for; ``None`` where nothing answers it.
    """

    texts: Sequence[str]
    vectors: NDArray[np.float32]
    predictions: Sequence[dict[str, Prediction]]
    languages: Sequence[str]
    intents: Sequence[str | None]

    def __add__(self, other: Asked) -> Asked:
        """Return both together."""
        return Asked(
            [*self.texts, *other.texts],
            np.concatenate([self.vectors, other.vectors]),
            [*self.predictions, *other.predictions],
            [*self.languages, *other.languages],
            [*self.intents, *other.intents],
        )


def asked_in(
    tickets: Sequence[Ticket], learnt: Learnt, vectors: NDArray[np.float32]
) -> Asked | None:
    """Return tickets with their out-of-fold answers; none where category or intent was not learnt.

    Args:
        vectors: encodings of all tickets, shape (tickets, dim).
    """
    if not {"category", "intent"} <= set(learnt.probabilities):
        return None
    known = {task: learnt.judged[task].positions for task in ("category", "intent")}
    both = np.intersect1d(known["category"], known["intent"])
    idle = np.array([tickets[i].labels["intent"] in NOTHING_ASKED for i in both], dtype=bool)
    busy = both[~idle]
    chosen = [*both[idle], *busy[:: -(-len(busy) // MOST_TICKETS) or 1]]
    intents = [str(tickets[i].labels["intent"]) for i in chosen]
    return Asked(
        [tickets[i].normalised for i in chosen],
        vectors[chosen],
        [_held_out(learnt, known, int(i)) for i in chosen],
        [str(learnt.judged["intent"].languages[np.searchsorted(known["intent"], i)])
         for i in chosen],
        [None if intent in NOTHING_ASKED else intent for intent in intents],
    )  # fmt: skip


def _held_out(
    learnt: Learnt, known: dict[str, NDArray[np.int64]], ticket: int
) -> dict[str, Prediction]:
    return {
        task: Prediction(
            learnt.judged[task].labels,
            learnt.probabilities[task][np.searchsorted(positions, ticket)],
            (),
            float(learnt.familiarity[ticket]),
        )
        for task, positions in known.items()
    }


def read_out_of_scope(folder: Path) -> list[str]:
    """Return the texts of the folder's ``out_of_scope.jsonl``; none where it is absent.

    Raises:
        InputError: a row has no text; the message names the line.
    """
    path = folder / OUT_OF_SCOPE
    if not path.is_file():
        return []
    texts = []
    for row in read_rows(path):
        text = None if isinstance(row, Reject) else row.fields.get("text")
        if not isinstance(text, str) or not text.strip():
            raise InputError(
                f"{path}, line {row.line}: no object with a text; correct it, or remove the file"
            )
        texts.append(text)
    return texts


def beyond_scope(
    texts: Sequence[str],
    encoder: Encoder,
    classifier: Classifier,
    *,
    report: Callable[[Stage], None] = lambda stage: None,
) -> Asked | None:
    """Return texts that no shop's articles answer, as ``classifier`` judges them."""
    readings = [reading for reading in map(read, texts) if reading[1].supported]
    if not readings:
        return None
    normalised = [text for text, _ in readings]
    languages = [language.code for _, language in readings]
    vectors = encode_all(encoder, normalised, name="encoding what is out of scope", report=report)
    predictions = classifier.predict(normalised, vectors, languages=languages)
    return Asked(normalised, vectors, predictions, languages, [None] * len(normalised))


def together(*parts: Asked | None) -> Asked | None:
    """Return all parts as one; none where there is none."""
    known = [part for part in parts if part is not None]
    if not known:
        return None
    return sum(known[1:], start=known[0])

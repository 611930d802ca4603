"""What was learnt from agents: corrected labels as training rows, acceptance by article."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from triage.decisions.decision import Decision, Feedback
from triage.decisions.store import DecisionStore

TASKS = ("category", "intent", "priority", "sentiment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A decision with the latest feedback on it; the form in which feedback is exported.

    Attributes:
        text: as the log keeps it: redacted by default, which training reads as well as the
            original, because models see stand-ins for names and numbers either way.
        shown: ids of the articles that were suggested, best first.
        labels: of ``TASKS``, what the agent corrected.
    """

    id: str
    text: str | None
    shown: tuple[str, ...]
    chosen: str | None
    edit_share: float | None
    labels: Mapping[str, str]
    sent: str | None
    agent: str | None
    model: str
    kb_version: str
    created_at: str

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form: labels beside the other fields, as a training row has them."""
        fields = asdict(self)
        labels = fields.pop("labels")
        return fields | {"shown": list(self.shown)} | {t: labels[t] for t in TASKS if t in labels}


@dataclass(frozen=True, slots=True)
class Tally:
    """How an article did among the decisions with feedback.

    Attributes:
        shown: decisions that suggested it.
        accepted: those of them in which it was chosen.
        picked: decisions in which it was chosen without having been suggested.
        edit_shares: of the replies that were sent, as far as they could be compared.
    """

    shown: int
    accepted: int
    picked: int
    edit_shares: tuple[float, ...]

    @property
    def edit_share(self) -> float | None:
        """The mean share of words that were changed; ``None`` where nothing was compared."""
        return sum(self.edit_shares) / len(self.edit_shares) if self.edit_shares else None


def judgements(store: DecisionStore) -> Iterator[Judgement]:
    """Yield every decision that has feedback.

    Raises:
        DecisionError: the database is away.
    """
    for decision, feedback in store.judged():
        yield judgement_of(decision, feedback)


def judgement_of(decision: Decision, feedback: Feedback) -> Judgement:
    """Return a decision and its feedback as one."""
    return Judgement(
        id=decision.decision_id,
        text=decision.text,
        shown=tuple(dict.fromkeys(s["article_id"] for s in decision.result["suggestions"])),
        chosen=feedback.chosen,
        edit_share=feedback.edit_share,
        labels=dict(feedback.labels),
        sent=feedback.sent,
        agent=feedback.agent,
        model=decision.model,
        kb_version=decision.kb_version,
        created_at=decision.created_at.isoformat(),
    )


def tally(given: Iterable[Judgement]) -> dict[str, Tally]:
    """Return the tally of each article that was shown or chosen."""
    counts: dict[str, list[int]] = {}
    shares: dict[str, list[float]] = {}
    for one in given:
        for article in one.shown:
            counts.setdefault(article, [0, 0, 0])[0] += 1
        if one.chosen is None:
            continue
        counts.setdefault(one.chosen, [0, 0, 0])[1 if one.chosen in one.shown else 2] += 1
        if one.edit_share is not None:
            shares.setdefault(one.chosen, []).append(one.edit_share)
    return {
        article: Tally(shown, accepted, picked, tuple(shares.get(article, ())))
        for article, (shown, accepted, picked) in sorted(counts.items())
    }


def acceptance_of(given: Iterable[Judgement]) -> dict[str, tuple[int, int]]:
    """Return, by article, in how many decisions it was shown first, and in how many of these sent.

    Only decisions with feedback count, for silence says nothing about an article; and only the
    first suggestion, for a lower one is passed over for its place.
    """
    counts: dict[str, tuple[int, int]] = {}
    for one in given:
        for first in one.shown[:1]:
            shown, accepted = counts.get(first, (0, 0))
            counts[first] = shown + 1, accepted + (one.chosen == first)
    return counts


def acceptance(store: DecisionStore) -> Mapping[str, tuple[int, int]]:
    """Return ``acceptance_of`` all feedback in a log.

    Raises:
        DecisionError: the database is away.
    """
    return acceptance_of(judgements(store))

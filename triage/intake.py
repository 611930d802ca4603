"""An import from drafts to a plan: ids that others own, intents that are open, what stays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from triage.article import Article
from triage.article_store import StoredArticle
from triage.imports.draft import Draft, Unread, distinct
from triage.imports.reader import Found
from triage.revision import Incoming, Revision, revise

Guess = Callable[[Sequence[Article]], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What the intake needs of a model: its intents, and a guess for articles without one."""

    intents: Collection[str]
    guess: Guess


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What an import would do.

    Attributes:
        unread: everything that became no article.
        guessed: intents by article that the model guessed in this import.
        changes_store: whether there is anything to write.
    """

    revision: Revision
    unread: tuple[Unread, ...]
    guessed: Mapping[str, str]
    changes_store: bool

    @property
    def rejects(self) -> tuple[Unread, ...]:
        """What should have become an article."""
        return tuple(u for u in self.unread if u.fault)


def plan_import(
    found: Found,
    stored: Mapping[str, StoredArticle],
    *,
    source: str,
    at: str,
    model: Callable[[], Model | None] = lambda: None,
    intent: str = "",
    keep_missing: bool = False,
) -> Intake:
    """Plan the import of a source.

    An intent that the model does not know is replaced by its guess, and kept as a tag; the guess
    stays as long as the source asks for the same. While entries of a source cannot be read, the
    articles that are missing from it are not retired: they may be among those entries.

    Args:
        model: called only if an intent is open; ``None`` where there is no model.
        intent: for articles whose source names none.
        keep_missing: whether articles stay in service that the source no longer has.
    """
    own, foreign = _own(found.drafts, stored, source=source)
    drafts = [d if d.intent else replace(d, intent=intent) for d in own]
    incoming, aimless, guessed = _settled(drafts, stored, model=model, given=intent)
    unread = (*found.unread, *foreign, *aimless)
    doubtful = keep_missing or any(u.fault for u in unread)
    revision = revise(stored, incoming, source=source, at=at, keep_missing=doubtful)
    differs = revision.stored != tuple(stored.values())
    return Intake(revision=revision, unread=unread, guessed=guessed, changes_store=differs)


def _own(
    drafts: Sequence[Draft], stored: Mapping[str, StoredArticle], *, source: str
) -> tuple[list[Draft], list[Unread]]:
    """Part the drafts whose id belongs to another source."""
    own, foreign = [], []
    for draft in drafts:
        owner = stored[draft.id].source if draft.id in stored else source
        if owner == source:
            own.append(draft)
        else:
            reason = (
                f"id {draft.id!r} belongs to the source {owner!r}; give it another id, or import "
                f"with --source {owner}"
            )
            foreign.append(Unread(draft.place, reason, id=draft.id))
    return own, foreign


def _settled(
    drafts: Sequence[Draft],
    stored: Mapping[str, StoredArticle],
    *,
    model: Callable[[], Model | None],
    given: str,
) -> tuple[list[Incoming], list[Unread], dict[str, str]]:
    """Give every draft its intent: its own, the one it was given before, or a guess."""
    before = {
        d.id: stored[d.id].article.intent
        for d in drafts
        if d.id in stored and stored[d.id].asked == d.intent
    }
    # Own intents need the model too: only it knows which of them it knows.
    fresh = [d for d in drafts if d.id not in before and not _stands(d, stored, given=given)]
    judge = model() if fresh else None
    open_ = [d for d in fresh if judge is not None and d.intent not in judge.intents]
    guesses = judge.guess([d.article() for d in open_]) if judge and open_ else ()
    guessed = {d.id: label for d, label in zip(open_, guesses, strict=True)}
    aimless = [
        Unread(d.place, "has no intent, and there is no model to guess it; give --intent", id=d.id)
        for d in fresh
        if judge is None and "/" not in d.intent
    ]
    lost = {u.id for u in aimless}
    settled = before | guessed
    incoming = [_incoming(d, settled.get(d.id)) for d in drafts if d.id not in lost]
    return incoming, aimless, guessed


def _stands(draft: Draft, stored: Mapping[str, StoredArticle], *, given: str) -> bool:
    """Tell whether an intent needs no look at the model: given by a person, or stored as it is."""
    known = stored.get(draft.id)
    accepted = known is not None and known.asked is None and known.article.intent == draft.intent
    return bool(draft.intent) and (draft.intent == given or accepted)


def _incoming(draft: Draft, guess: str | None) -> Incoming:
    if guess is None:
        return Incoming(article=draft.article(), url=draft.url)
    tags = distinct((*draft.tags, draft.intent))
    article = replace(draft, intent=guess, tags=tags).article()
    return Incoming(article=article, asked=draft.intent, url=draft.url)

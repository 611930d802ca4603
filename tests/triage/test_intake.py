from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fakes import FakeEncoder, article

from triage.article import Article
from triage.article_store import StoredArticle
from triage.imports.draft import Draft, Unread
from triage.imports.formats import Format
from triage.imports.reader import Found
from triage.intake import Intake, Model, plan_import
from triage.intents import guess_intents, with_known_intents
from triage.revision import Status

if TYPE_CHECKING:
    from triage.bundle import Bundle

AT = "2026-11-01T00:00:00+00:00"


def found(*drafts: Draft, unread: tuple[Unread, ...] = ()) -> Found:
    return Found(format=Format.CSV, drafts=drafts, unread=unread)


def draft(name: str = "a", intent: str = "") -> Draft:
    texts = article(name, "", en=("Refund", "where is my refund")).translations
    return Draft(id=name, place="line 2", translations=texts, intent=intent)


class Guesser:
    """A model that knows one intent and counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def load(self) -> Model:
        return Model(intents={"payment/refund"}, guess=self.guess)

    def guess(self, articles: Sequence[Article]) -> list[str]:
        self.asked.append([a.id for a in articles])
        return ["payment/refund"] * len(articles)


def stored(intake: Intake) -> dict[str, StoredArticle]:
    return {record.article.id: record for record in intake.revision.stored}


def test_an_intent_that_the_model_does_not_know_is_guessed_once_and_kept_as_a_tag():
    model = Guesser()
    first = plan_import(
        found(draft(intent="money/back"), draft("b", "payment/refund")),
        {}, source="shop", at=AT, model=model.load,
    )  # fmt: skip
    record = stored(first)["a"]
    assert (record.article.intent, record.asked) == ("payment/refund", "money/back")
    assert record.article.tags == ("money/back",)
    assert first.guessed == {"a": "payment/refund"}
    assert stored(first)["b"].asked is None
    again = plan_import(
        found(draft(intent="money/back"), draft("b", "payment/refund")),
        stored(first), source="shop", at=AT, model=model.load,
    )  # fmt: skip
    assert not again.changes_store
    assert model.asked == [["a"]]


def test_a_given_intent_is_taken_without_asking_the_model():
    model = Guesser()
    made = plan_import(
        found(draft()), {}, source="shop", at=AT, model=model.load, intent="own/intent"
    )
    assert stored(made)["a"].article.intent == "own/intent"
    assert model.asked == []


def test_without_a_model_an_article_needs_an_intent():
    made = plan_import(found(draft(), draft("b", "own/intent")), {}, source="shop", at=AT)
    assert list(stored(made)) == ["b"]
    assert "give --intent" in made.rejects[0].reason


def test_ids_of_other_sources_are_not_taken():
    first = plan_import(found(draft(intent="x/y")), {}, source="one", at=AT)
    made = plan_import(found(draft(intent="x/y")), stored(first), source="two", at=AT)
    assert "belongs to the source 'one'" in made.rejects[0].reason
    assert not made.changes_store


def test_nothing_is_retired_while_entries_cannot_be_read():
    first = plan_import(found(draft("a", "x/y"), draft("b", "x/y")), {}, source="shop", at=AT)
    rest = draft("b", "x/y")
    made = plan_import(
        found(rest, unread=(Unread("line 2", "broken"),)), stored(first), source="shop", at=AT
    )
    assert [c.id for c in made.revision.of(Status.MISSING)] == ["a"]
    left_out = Unread("line 2", "is a draft", fault=False)
    made = plan_import(found(rest, unread=(left_out,)), stored(first), source="shop", at=AT)
    assert [c.id for c in made.revision.of(Status.RETIRED)] == ["a"]


def test_the_model_guesses_by_the_majority_of_questions(bundle: Bundle):
    asked = [
        article("a", "", en=("A", "where is my refund", "how long does a refund take")),
        article("b", "", zh=("账号被盗", "我的账号被盗了", "有陌生人登录我的账号")),
        article("c", "account", en=("My account was hacked",)),
    ]
    guesses = guess_intents(asked, bundle.classifier, FakeEncoder())
    assert guesses[:2] == ["payment/refund", "account/security"]
    assert guesses[2].startswith("account/")
    known = replace(asked[0], intent="account/login")
    settled = with_known_intents([known, asked[1]], bundle.classifier, FakeEncoder())
    assert [a.intent for a in settled] == ["account/login", "account/security"]
    assert guess_intents([], bundle.classifier, FakeEncoder()) == []

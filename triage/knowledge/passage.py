"""Passages: the texts of an article that are searched, each with what it is and where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from triage.article import Article, ArticleText
from triage.passages import split_passages
from triage.text import normalise


class PassageKind(StrEnum):
    """What part of an article a passage is."""

    TITLE = "title"
    QUESTION = "question"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Passage:
    """One indexed text of an article.

    Attributes:
        text: the normalised form, as it is searched.
        written: the text as people read it; a piece of the reply for a body.
        headings: those that a body passage stands under, the outermost first.
    """

    article_id: str
    language: str
    text: str
    kind: PassageKind
    written: str
    headings: tuple[str, ...] = ()

    @property
    def is_question(self) -> bool:
        """Whether it is written as a customer asks."""
        return self.kind is PassageKind.QUESTION


def passages_of(articles: Iterable[Article], *, bodies: bool = True) -> list[Passage]:
    """Return the passages of articles in a stable order: per language title, questions, body.

    A reply is one passage; a long one is cut at its headings, see ``split_passages``. What is
    empty once it is normalised (a reply that is all greeting) is no passage of the body.

    Args:
        bodies: whether replies are passages.
    """
    return [
        passage
        for article in articles
        for language, text in article.translations.items()
        for passage in _passages(article.id, language, text, bodies=bodies)
    ]


def _passages(
    article_id: str, language: str, text: ArticleText, *, bodies: bool
) -> Iterator[Passage]:
    title = text.title
    yield Passage(article_id, language, normalise(title), PassageKind.TITLE, title)
    for question in text.questions:
        yield Passage(article_id, language, normalise(question), PassageKind.QUESTION, question)
    for chunk in split_passages(text.reply) if bodies else ():
        # The headings say what a piece is about, often in the only words that a customer uses.
        if plain := normalise(" ".join((*chunk.headings, chunk.text))):
            yield Passage(article_id, language, plain, PassageKind.BODY, chunk.text, chunk.headings)

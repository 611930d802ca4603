"""The titles and questions of articles with their vectors: by what an article can be found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from triage.article import Article
from triage.text import normalise

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleTexts:
    """Articles and their texts, each text once for an article.

    Attributes:
        texts: titles and questions as written.
        owners: for each text the place of its article, shape (texts,).
        vectors: unit rows, shape (texts, dim).
    """

    articles: tuple[Article, ...]
    texts: tuple[str, ...]
    owners: NDArray[np.int64]
    vectors: NDArray[np.float32]

    @staticmethod
    def title(article: Article, language: str) -> str:
        """Return the article's title in a language by its code, or in the first that it has."""
        texts = article.translations
        tag = next((tag for tag in texts if tag.partition("-")[0] == language), next(iter(texts)))
        return texts[tag].title


def texts_of(
    articles: Sequence[Article], encode: Callable[[Sequence[str]], NDArray[np.float32]]
) -> ArticleTexts:
    """Encode the titles and questions of articles; ``encode`` takes normalised texts."""
    written: dict[tuple[int, str], str] = {}
    for place, article in enumerate(articles):
        for text in article.translations.values():
            for question in (text.title, *text.questions):
                written.setdefault((place, normalise(question)), question)
    return ArticleTexts(
        articles=tuple(articles),
        texts=tuple(written.values()),
        owners=np.array([place for place, _ in written], dtype=np.int64),
        vectors=encode([normalised for _, normalised in written]),
    )

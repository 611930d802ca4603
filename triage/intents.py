"""Intents of articles that have none which the model knows: what it makes of their questions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from triage.article import Article
from triage.text import normalise

if TYPE_CHECKING:
    from triage.classifier import Classifier
    from triage.encoder import Encoder

INTENT, CATEGORY = "intent", "category"


def known_to(classifier: Classifier, article: Article) -> bool:
    """Tell whether the classifier has the article's intent among its labels."""
    return article.intent in classifier.labels()[INTENT]


def guess_intents(
    articles: Sequence[Article], classifier: Classifier, encoder: Encoder
) -> list[str]:
    """Return for each article the intent of most of its questions, or of its titles.

    Where votes are equal, the greater sum of probabilities decides. An article whose category the
    model knows gets an intent of that category.
    """
    asked = [_asked(article) for article in articles]
    texts = [text for questions in asked for _, text in questions]
    if not texts:
        return []
    languages = [language for questions in asked for language, _ in questions]
    predictions = iter(classifier.predict(texts, encoder.encode(texts), languages=languages))
    guesses = []
    for article, questions in zip(articles, asked, strict=True):
        found = [next(predictions)[INTENT] for _ in questions]
        allowed = _allowed(found[0].labels, article)
        votes: Counter[str] = Counter()
        weights: defaultdict[str, float] = defaultdict(float)
        for prediction in found:
            ranked = [(label, p) for label, p in prediction.ranked() if label in allowed]
            votes[ranked[0][0]] += 1
            for label, probability in ranked:
                weights[label] += probability
        guesses.append(max(sorted(votes), key=lambda label: (votes[label], weights[label])))
    return guesses


def with_known_intents(
    articles: Sequence[Article], classifier: Classifier, encoder: Encoder
) -> list[Article]:
    """Return the articles, those of unknown intent with a guessed one."""
    open_ = [a for a in articles if not known_to(classifier, a)]
    intents = guess_intents(open_, classifier, encoder)
    guessed = {a.id: i for a, i in zip(open_, intents, strict=True)}
    return [replace(a, intent=guessed.get(a.id, a.intent)) for a in articles]


def _asked(article: Article) -> list[tuple[str, str]]:
    """Return (language code, normalised question) of an article, its titles if it has none."""
    texts = article.translations.items()
    questions = [(tag, q) for tag, text in texts for q in text.questions]
    return [
        (tag.partition("-")[0], normalise(text))
        for tag, text in questions or [(tag, text.title) for tag, text in texts]
    ]


def _allowed(labels: Sequence[str], article: Article) -> set[str]:
    category = article.category
    return {label for label in labels if label.startswith(f"{category}/")} or set(labels)

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fakes import NOW_UTC, FakeEncoder, article, prediction
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from training.ranker import _fit_logistic, fit_ranker
from triage.knowledge import KnowledgeIndex, passages_of
from triage.suggestion import FEATURES, Ranker, hit_features

if TYPE_CHECKING:
    from triage.bundle import Bundle

DAY = date(2026, 11, 21)


def test_the_logistic_weights_are_those_of_scikit_learn_with_the_constant_last():
    rng = np.random.default_rng(0)
    features = np.column_stack([rng.normal(size=(300, 6)), np.ones(300)])
    right = rng.random(300) < expit(features @ [2, -1, 0.5, 0, 0, 0, -0.5])
    weights = _fit_logistic(features, right)
    model = LogisticRegression(C=10.0, max_iter=2000).fit(features[:, :-1], right)
    assert weights == pytest.approx((*model.coef_[0], model.intercept_[0]), abs=1e-5)
    confidences = [Ranker({"any": weights}).confidence(f, language="en") for f in features]
    assert np.mean(confidences) == pytest.approx(right.mean(), abs=0.01)


@pytest.mark.parametrize("right", [True, False])
def test_rows_that_are_all_alike_teach_nothing(right: bool):  # noqa: FBT001
    assert _fit_logistic(np.ones((5, 7)), np.array([right] * 5)) == (0.0,) * len(FEATURES)


def test_the_fitted_ranker_puts_the_right_article_first(bundle: Bundle):
    encoder, index = FakeEncoder(), bundle.knowledge
    right = 0
    asked = ["我的账号被盗了吗", "where is my refund please", "扣了我两次钱啊", "parcel is late"]
    wanted = ["kb-security", "kb-refund", "kb-double", "kb-delay"]
    vectors = encoder.encode(asked)
    made = bundle.classifier.predict(asked, vectors, languages=["zh", "en", "zh", "en"])
    for text, vector, known, name in zip(asked, vectors, made, wanted, strict=True):
        hits = index.search(text, vector, day=DAY)
        features = hit_features(hits, category=known["category"], intent=known["intent"])
        scores = [bundle.ranker.confidence(f, language="en") for f in features]
        right += hits[int(np.argmax(scores))].article.id == name
    assert right == len(asked)


def test_few_queries_in_a_language_share_the_common_weights(bundle: Bundle):
    assert set(bundle.ranker.weights) == {"any"}
    assert len(bundle.ranker.weights["any"]) == len(FEATURES)


def test_articles_without_questions_leave_a_ranker_that_still_answers():
    articles = [article("a", "x/y", en=("where is my order",)), article("b", "x/z", en=("refund",))]
    passages = passages_of(articles)
    vectors = FakeEncoder().encode([p.text for p in passages])
    predictions = [{"category": prediction(x=1.0), "intent": prediction(x__y=1.0)}] * 2
    ranker = fit_ranker(
        KnowledgeIndex(articles, passages, vectors), predictions, day=NOW_UTC.date()
    )
    assert 0 <= ranker.confidence((0.5,) * len(FEATURES), language="en") <= 1

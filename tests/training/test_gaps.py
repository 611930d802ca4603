"""Gaps: what is unanswered and belongs together, with the default encoder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from training.article_texts import ArticleTexts, texts_of
from training.exchanges import Exchange
from training.gaps import Gap, GapPlan, Gaps, find_gaps
from triage.article import Article, ArticleText
from triage.encoder import Encoder, load_encoder
from triage.text import normalise

INVOICE = (
    "请给我开发票", "麻烦给我开一张发票", "我要開發票", "买的东西没有发票",
    "please send me an invoice", "I need an invoice for this order",
)  # fmt: skip
PARCEL = ("my parcel is stuck for a week", "parcel has not moved", "快递三天没动了", "包裹一直不动")
ALONE = ("the kettle leaks from the bottom",)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder()


@pytest.fixture(scope="module")
def articles(encoder: Encoder) -> ArticleTexts:
    parcel = ArticleText(
        title="A parcel that is late", questions=("my parcel is stuck",), reply="-"
    )
    return texts_of(
        [Article(id="late", intent="logistics/delay", translations={"en": parcel})], encoder.encode
    )


def exchange(text: str, *, number: int = 0, confidence: float = 0.0, **other: object) -> Exchange:
    chinese = any(c > "\u2fff" for c in text)
    fields = {
        "id": f"m{number}", "text": text, "normalised": normalise(text),
        "language": "zh-Hans" if chinese else "en", "intent": "invoice/issue",
        "category": "invoice", "urgent": False, "negative": False, "suggested": (),
        "confidence": confidence,
    }  # fmt: skip
    return Exchange(**(fields | other))  # type: ignore[arg-type]


def exchanges(texts: Sequence[str], **other: object) -> list[Exchange]:
    return [exchange(text, number=n, **other) for n, text in enumerate(texts)]


def holding(found: Gaps, text: str) -> Gap:
    (gap,) = (g for g in found.clusters if any(text in texts for texts in g.examples.values()))
    return gap


def test_chinese_and_english_messages_about_one_thing_are_one_cluster(
    encoder: Encoder, articles: ArticleTexts
) -> None:
    found = find_gaps(exchanges([*INVOICE, *PARCEL, *ALONE]), articles, encoder)
    invoice = holding(found, INVOICE[0])
    assert invoice.ids == ("m0", "m1", "m2", "m3", "m4", "m5")
    assert invoice.languages == {"zh-Hans": 4, "en": 2}
    assert invoice.typical in INVOICE[:4], "the typical message is in the commonest language"
    assert {"发票", "invoice"} & set(invoice.terms)
    assert invoice.nearest is None
    parcel = holding(found, PARCEL[0])
    assert parcel.nearest is not None
    assert (parcel.nearest.id, parcel.nearest.title) == ("late", "A parcel that is late")
    assert [single.text for single in found.singles] == list(ALONE)


def test_the_greatest_need_comes_first_and_thanks_come_last(
    encoder: Encoder, articles: ArticleTexts
) -> None:
    thanks = [exchange(f"thank you{'!' * n}", category="other", number=n) for n in range(30)]
    found = find_gaps([*thanks, *exchanges([*PARCEL, *INVOICE])], articles, encoder)
    assert [g.category for g in found.clusters] == ["invoice", "invoice", "other"]
    assert found.clusters[0].size == len(INVOICE)
    assert found.clusters[2].size == 30


def test_repeats_count_as_messages(encoder: Encoder, articles: ArticleTexts) -> None:
    found = find_gaps(exchanges([ALONE[0]] * 5), articles, encoder)
    (gap,) = found.clusters
    assert (gap.size, gap.need) == (5, pytest.approx(5.0, abs=1e-4))
    assert gap.examples == {"en": ALONE}


def test_shares_are_of_the_messages(encoder: Encoder, articles: ArticleTexts) -> None:
    angry = exchange(INVOICE[0], number=9, negative=True, urgent=True, intent="invoice/delay")
    (gap,) = find_gaps([*exchanges(INVOICE[1:4]), angry], articles, encoder).clusters
    assert (gap.negative, gap.urgent) == (0.25, 0.25)
    assert (gap.intent, gap.intent_share) == ("invoice/issue", 0.75)


def test_a_low_confidence_is_no_answer(encoder: Encoder, articles: ArticleTexts) -> None:
    asked = exchanges(INVOICE, confidence=0.6)
    assert find_gaps(asked, articles, encoder).unanswered == 0
    strict = find_gaps(asked, articles, encoder, plan=GapPlan(below=0.7))
    assert (strict.unanswered, len(strict.clusters)) == (6, 1)


def test_nothing_asked_or_all_answered_leaves_no_gap(
    encoder: Encoder, articles: ArticleTexts
) -> None:
    assert find_gaps([], articles, encoder) == Gaps(
        messages=0, unanswered=0, clusters=(), singles=()
    )
    answered = find_gaps(exchanges(INVOICE, confidence=0.9), articles, encoder)
    assert answered == Gaps(messages=6, unanswered=0, clusters=(), singles=())


def test_one_message_is_single(encoder: Encoder, articles: ArticleTexts) -> None:
    found = find_gaps(exchanges(ALONE), articles, encoder)
    assert (found.clusters, [e.id for e in found.singles]) == ((), ["m0"])


def test_no_article_at_all_is_none_near(encoder: Encoder) -> None:
    none = texts_of([], encoder.encode)
    (gap,) = find_gaps(exchanges(INVOICE), none, encoder).clusters
    assert gap.nearest is None


def test_the_same_messages_give_the_same_gaps(encoder: Encoder, articles: ArticleTexts) -> None:
    asked = exchanges([*INVOICE, *PARCEL, *ALONE])
    assert find_gaps(asked, articles, encoder) == find_gaps(asked, articles, encoder)


class LetterEncoder:
    """Gives a text the counts of a few letters as its vector."""

    name, dim = "letters", 4

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        counts = np.array([[t.count(c) + 0.1 for c in "abcd"] for t in texts]).reshape(-1, 4)
        return (counts / np.linalg.norm(counts, axis=1, keepdims=True)).astype(np.float32)


@given(
    st.lists(
        st.tuples(st.text("abcd 发票", max_size=6), st.sampled_from([0.0, 0.4, 0.5, 0.9])),
        max_size=25,
    ),
    st.integers(1, 4),
)
@settings(max_examples=80, deadline=None)
def test_every_unanswered_message_is_in_one_cluster_or_single(
    asked: list[tuple[str, float]], size: int
) -> None:
    given_ = [exchange(t, number=n, confidence=c) for n, (t, c) in enumerate(asked)]
    encoder = LetterEncoder()
    found = find_gaps(given_, texts_of([], encoder.encode), encoder, plan=GapPlan(min_size=size))
    placed = [name for gap in found.clusters for name in gap.ids]
    placed += [e.id for e in found.singles]
    assert Counter(placed) == Counter(e.id for e in given_ if e.confidence < 0.5)
    assert all(len(gap.ids) == gap.size >= size for gap in found.clusters)

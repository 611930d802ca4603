from __future__ import annotations

import numpy as np
import pytest
from fakes import ticket_rows
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from triage.lexical import LexicalFeatures, SparseRows, terms_of
from triage.text import normalise

TEXTS = [normalise(row["text"]) for row in ticket_rows()]


def dense(rows: SparseRows, width: int) -> np.ndarray:
    return rows.dot(np.eye(width, dtype=np.float32))


def test_chinese_gives_grams_of_one_to_three_characters():
    assert list(terms_of("退款")) == ["退", "款", " 退", "退款", "款 ", " 退款", "退款 "]


def test_english_gives_grams_inside_words_and_words_and_pairs():
    assert list(terms_of("my ox")) == [
        " my", "my ", " ox", "ox ", " my ", " ox ", "w:my", "w:ox", "w:my ox",
    ]  # fmt: skip


def test_no_gram_crosses_a_space_between_words():
    grams = [t for t in terms_of("late again") if not t.startswith("w:")]
    assert grams
    assert not any(" " in gram.strip() for gram in grams)


@pytest.mark.parametrize("min_texts", [1, 3])
def test_weights_equal_those_of_scikit_learn(min_texts: int):
    vectorizer = TfidfVectorizer(
        analyzer=lambda text: list(terms_of(text)), sublinear_tf=True, min_df=min_texts
    )
    expected = vectorizer.fit_transform(TEXTS).toarray()
    features = LexicalFeatures.fit(TEXTS, min_texts=min_texts)
    assert features.terms == tuple(vectorizer.get_feature_names_out())
    assert_allclose(features.idf, vectorizer.idf_, rtol=1e-6)
    assert_allclose(
        dense(features.transform(TEXTS), len(features.terms)), expected, rtol=1e-5, atol=1e-7
    )


def test_idf_of_a_term_in_one_of_three_texts_is_known():
    features = LexicalFeatures.fit(["aa", "bb", "bb"])
    idf = dict(zip(features.terms, features.idf, strict=True))
    assert idf["w:aa"] == pytest.approx(np.log(4 / 2) + 1)
    assert idf["w:bb"] == pytest.approx(np.log(4 / 3) + 1)


def test_a_text_of_unknown_terms_is_a_row_of_zeros():
    features = LexicalFeatures.fit(["退款"])
    rows = features.transform(["qq", "退款", ""])
    norms = np.linalg.norm(dense(rows, len(features.terms)), axis=1)
    assert_allclose(norms, [0, 1, 0], atol=1e-6)


def test_no_texts_give_no_rows():
    rows = LexicalFeatures.fit(["退款"]).transform([])
    assert rows.indptr.tolist() == [0]
    assert rows.dot(np.ones((4, 2), dtype=np.float32)).shape == (0, 2)


@st.composite
def matrices(draw: st.DrawFn) -> tuple[csr_matrix, np.ndarray]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, width, labels = (draw(st.integers(1, 9)) for _ in range(3))
    full = rng.normal(size=(rows, width)) * (rng.random((rows, width)) < draw(st.floats(0, 1)))
    weights = rng.normal(size=(width, labels)).astype(np.float32)
    return csr_matrix(full.astype(np.float32)), weights


def sparse_rows(matrix: csr_matrix) -> SparseRows:
    return SparseRows(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data)


@given(matrices())
def test_dot_equals_the_product_of_scipy(case: tuple[csr_matrix, np.ndarray]):
    matrix, weights = case
    assert_allclose(sparse_rows(matrix).dot(weights), matrix @ weights, rtol=1e-4, atol=1e-5)


@given(matrices(), st.data())
def test_take_gives_the_rows_in_the_order_asked_for(
    case: tuple[csr_matrix, np.ndarray], data: st.DataObject
):
    matrix, weights = case
    order = data.draw(st.lists(st.integers(0, matrix.shape[0] - 1), min_size=1, max_size=6))
    taken = sparse_rows(matrix).take(order).dot(weights)
    assert_allclose(taken, sparse_rows(matrix).dot(weights)[order])


def _kept(gram: str) -> bool:
    latin = sum(c <= "\u024f" for c in gram)
    return len(gram) <= 3 if latin < len(gram) else len(gram) >= 3 and " " not in gram[1:-1]


@given(text=st.text(alphabet="ab1é 中文😀\n\u3000", max_size=14))
def test_grams_are_those_of_the_definition_in_the_order_of_their_places(text: str):
    padded = f" {text} "
    grams = [padded[i : i + n] for n in range(1, 5) for i in range(len(padded) - n + 1)]
    found = [t for t in terms_of(text) if not t.startswith("w:")]
    assert found == [gram for gram in grams if _kept(gram)]

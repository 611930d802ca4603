from __future__ import annotations

import numpy as np

from training.terms import candidate_terms, distinctive_terms


def test_what_one_group_alone_says_tells_it_apart() -> None:
    texts = [
        "发票什么时候开", "帮我开发票", "发票抬头错了",
        "my parcel is late", "the parcel is late again", "late parcel",
    ]  # fmt: skip
    chinese, english = distinctive_terms(texts, np.array([0, 0, 0, 1, 1, 1]))
    assert chinese[0] == "发票"
    assert english[0] in {"parcel", "late"}
    assert {"parcel", "late"} <= set(english)


def test_what_texts_of_no_group_say_too_counts_less() -> None:
    texts = ["please refund bicycle", "refund bicycle now", *["please refund me"] * 8]
    (terms,) = distinctive_terms(texts, np.array([0, 0, *[-1] * 8]))
    assert "bicycle" in terms[0]


def test_terms_do_not_overlap() -> None:
    (terms,) = distinctive_terms(["奶粉段数买错了"] * 3, np.zeros(3, dtype=np.int64))
    grams = [{t[i : i + 2] for i in range(len(t) - 1)} for t in terms]
    assert all(not (a & b) for n, a in enumerate(grams) for b in grams[:n])


def test_stop_words_and_particles_are_no_terms() -> None:
    assert "the" not in candidate_terms("the parcel")
    assert "的快" not in candidate_terms("我的快递")


def test_groups_without_a_common_term_have_none() -> None:
    assert distinctive_terms(["ab", "cd"], np.array([0, 1])) == [(), ()]
    assert distinctive_terms([], np.zeros(0, dtype=np.int64)) == []

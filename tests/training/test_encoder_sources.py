"""What the encoder recipe reads, makes of it and measures; no network is needed."""
# the recipe's modules import torch, which a serving install does not have

from __future__ import annotations

import gzip
import json
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

pytest.importorskip("torch")
pytest.importorskip("rjieba")

from training.encoder.augment import Mixer, joined, reworded
from training.encoder.charsmap import simplify
from training.encoder.material import rows_of
from training.encoder.measure import Vectors, equals_above_near_misses, recall_at_one, spearman
from training.encoder.pairs import Group, Translation
from training.encoder.readers import glosses, read_corpus
from training.encoder.vocabulary import choose_units


def test_units_are_frequent_words_of_known_characters():
    counts = Counter({"快递": 9, "退款": 5})
    units = choose_units(counts, ["快递", "退款", "头发"], words=2, characters=4)
    assert units == ("快", "递", "退", "款", "快递", "退款")


def test_dictionary_entries_lose_pinyin_classifiers_and_cross_references(tmp_path: Path):
    file = tmp_path / "cedict.txt.gz"
    lines = [
        "# comment",
        "售貨員 售货员 [shou4 huo4 yuan2] /salesperson/CL:個|个[ge4]/",
        "臺 台 [tai2] /variant of 台[tai2]/platform (on stage)/",
        "王 王 [Wang2] /surname Wang/",
    ]
    with gzip.open(file, "wt", encoding="utf-8") as target:
        target.write("\n".join(lines))
    assert list(glosses(file)) == [("售货员", ["salesperson"]), ("台", ["platform"])]


def test_groups_and_translations_are_read_and_held_out_ones_share_no_text_with_training(
    tmp_path: Path,
):
    own = tmp_path / "own"
    own.mkdir()
    groups = [
        {"en": f"Return {i}", "zh": [f"退{i}", f"要退{i}"], "unlike": [f"换{i}"]} for i in range(20)
    ]
    (own / "phrases.jsonl").write_text("\n".join(json.dumps(group) for group in groups))
    pairs = tmp_path / "en-zh-pairs"
    pairs.mkdir()
    lines = [f"Sentence {i // 2}.\t第{i}个句子。" for i in range(40)]
    (pairs / "tatoeba-cmn.txt").write_text("\n".join(lines), encoding="utf-8")
    (pairs / "kajweb.tsv").write_text("Pen.\t钢笔\nWho came?\t来了一个我不认识的陌生的客人")
    (pairs / "smmtt.en-zh").write_text("")
    corpus = read_corpus(tmp_path, own, sources=("tatoeba", "phrases"), seed=0)
    assert corpus.groups["phrases"][0] == Group(("退1", "要退1"), ("换1",))
    assert Translation("要退1", "Return 1") in corpus.translations["phrases"]
    assert [g.same[0] for g in corpus.held_out_groups] == ["退0", "退10"]
    assert [pair.en for pair in corpus.held_out["kajweb"]] == ["Who came?"]
    held_out = {pair.en for pair in corpus.held_out["tatoeba"]}
    assert len(held_out) == 8
    assert held_out.isdisjoint(pair.en for pair in corpus.translations["tatoeba"])


def test_every_two_texts_of_a_group_are_drawn_together_and_its_near_misses_apart():
    rows = list(rows_of(Group(("甲", "乙", "丙"), ("丁", "戊")), 7))
    assert rows == [("甲", "乙", "丁", 7), ("甲", "丙", "戊", 7), ("乙", "丙", "丁", 7)]
    assert list(rows_of(Group(("甲",), ("丁", "戊")), 1)) == [
        ("甲", "", "丁", 1), ("甲", "", "戊", 1)
    ]  # fmt: skip


def test_near_misses_as_near_as_equals_are_told_by_chance():
    def encode(texts: Sequence[str]) -> Vectors:
        return np.ones((len(texts), 1), dtype=np.float32)

    groups = [Group(("甲", "乙"), ("丙",)), Group(("丁", "戊"), ("己",))]
    assert equals_above_near_misses(encode, groups) == 0.5


def test_mixing_puts_dictionary_words_into_english():
    mixer = Mixer([("取消", ["to cancel"]), ("订单", ["order form"])], Counter({"取消": 3}))
    mixed = mixer.mix("Cancel my order form, please", share=1.0, rng=np.random.default_rng(0))
    assert mixed == "取消 my 订单 please"


def test_other_wordings_and_joined_sentences_are_made_by_seed():
    first, second = (reworded("怎么还没有发货", np.random.default_rng(4)) for _ in range(2))
    assert first == second
    pairs = [Translation("甲。", "a."), Translation("乙。", "b."), Translation("丙。", "c.")]
    both = next(joined(pairs, 1, longest=2, rng=np.random.default_rng(0)))
    assert len(both.zh) == 4
    assert len(both.en.split()) == 2


def test_figures_of_a_perfect_encoder_are_one():
    def encode(texts: Sequence[str]) -> Vectors:
        return np.eye(26, dtype=np.float32)[[ord(text) - ord("a") for text in texts]]

    assert recall_at_one(encode, ["a", "b"], encode(["a", "b"])) == 1.0
    assert spearman(encode, [("a", "a", 1), ("a", "b", 0), ("c", "c", 1)]) == pytest.approx(1.0)


def test_simplifying_is_idempotent():
    text = "甚麼時候發貨？著名的臺灣後面裡"
    assert simplify(simplify(text)) == simplify(text)

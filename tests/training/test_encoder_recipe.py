"""The encoder recipe on a model small enough to be made in the test."""
# ruff: noqa: E402  # the recipe's modules import torch, which a serving install does not have

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

torch = pytest.importorskip("torch")
pytest.importorskip("sentencepiece")
transformers = pytest.importorskip("transformers")

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from training.encoder.augment import Mixer, joined, reworded
from training.encoder.charsmap import simplify
from training.encoder.distil import Material, Recipe, Trainer, rate, translation_loss
from training.encoder.folder import write_folder
from training.encoder.initialise import gloss_rows
from training.encoder.material import Reader
from training.encoder.measure import Vectors, recall_at_one, spearman
from training.encoder.pairs import Translation, glosses, read_corpus
from training.encoder.streams import Speller, make_stream
from training.encoder.student import Student, load_body
from training.encoder.vocabulary import Vocabulary, build_tokenizer, choose_units, english_pieces

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ENGLISH = [*SPECIAL, "refund", "parcel", "my", "where", "is", "the", "##s", "cafe", ",", "?", "中"]
UNITS = (*"快递退款头发里什么中的", "快递", "退款", "头发", "什么")


@pytest.fixture
def teacher(tmp_path: Path) -> Path:
    """Return a sentence-transformers folder of a one-layer BERT with an English vocabulary."""
    folder = tmp_path / "teacher"
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(ENGLISH), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=64,
    )  # fmt: skip
    transformers.BertModel(config).save_pretrained(folder)
    tokenizer = Tokenizer(
        models.WordPiece({piece: i for i, piece in enumerate(ENGLISH)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps({"word_embedding_dimension": 16, "pooling_mode_mean_tokens": True})
    )
    return folder


@pytest.fixture
def vocabulary(teacher: Path) -> Vocabulary:
    return Vocabulary(english_pieces(teacher), UNITS)


@pytest.fixture
def tokenizer(teacher: Path, vocabulary: Vocabulary) -> Tokenizer:
    return build_tokenizer(vocabulary, teacher)


def new_student(teacher: Path, vocabulary: Vocabulary) -> Student:
    body = load_body(teacher)
    table = body.embeddings.word_embeddings.weight.detach().numpy()
    rows = np.random.default_rng(0).normal(size=(len(vocabulary.units), table.shape[1]), scale=0.02)
    return Student(body, rows.astype(np.float32))


def new_material(tokenizer: Tokenizer, vocabulary: Vocabulary) -> Material:
    chinese = ["快递", "退款", "头发", "什么", "快递的", "退款的", "中", "发快递"] * 2
    texts = Reader(tokenizer, vocabulary).rows(chinese)
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(len(chinese), 16)).astype(np.float32)
    aims = torch.nn.functional.normalize(torch.from_numpy(vectors), dim=-1)
    order = list(range(len(chinese)))
    return Material(
        translations=(make_stream("tatoeba", texts, order),),
        paraphrases=(make_stream("tatoeba", texts, order, texts[::-1]),),
        english=make_stream("english", texts, order),
        teacher=aims,
        speller=Speller(vocabulary.spellings(), len(vocabulary.english)),
    )


def test_traditional_and_simplified_become_the_same_ids(tokenizer: Tokenizer):
    assert tokenizer.encode("頭髮,什麼快遞？").ids == tokenizer.encode("头发,什么快递?").ids


def test_the_longest_word_wins_and_latin_beside_ideographs_keeps_its_plain_form(
    tokenizer: Tokenizer,
):
    tokens = tokenizer.encode("my快递退款refund").tokens
    assert tokens == ["[CLS]", "my", "快递", "##退款", "refund", "[SEP]"]


def test_an_unknown_character_does_not_hide_its_neighbours(tokenizer: Tokenizer):
    assert tokenizer.encode("快递龘退款").tokens[1:-1] == ["快递", "[UNK]", "退款"]
    assert tokenizer.encode("快递𠀀退款").tokens[1:-1] == ["快递", "[UNK]", "退款"]


def test_english_keeps_the_ids_of_the_teacher(teacher: Path, tokenizer: Tokenizer):
    old = Tokenizer.from_file(str(teacher / "tokenizer.json"))
    text = "Where is my parcel, the refunds? Café"
    assert tokenizer.encode(text).ids == old.encode(text).ids


def test_plain_and_continuing_forms_of_a_unit_read_one_row(vocabulary: Vocabulary):
    ids, rows = vocabulary.tokens(), vocabulary.rows()
    assert rows[ids["快递"]] == rows[ids["##快递"]]
    assert rows[ids["中"]] == rows[ids["##中"]] == len(ENGLISH) + UNITS.index("中")
    assert rows[ids["refund"]] == ids["refund"]


def test_spelling_a_word_replaces_it_by_its_characters(vocabulary: Vocabulary):
    speller = Speller(vocabulary.spellings(), len(ENGLISH))
    word = np.array([len(ENGLISH) + UNITS.index("快递")] * 200)
    spelt = speller.spell(word, np.random.default_rng(0))
    assert set(spelt) == {word[0], len(ENGLISH), len(ENGLISH) + 1}
    assert len(spelt) > len(word)


def test_units_are_frequent_words_of_known_characters():
    counts = Counter({"快递": 9, "退款": 5})
    units = choose_units(counts, ["快递", "退款", "头发"], words=2, characters=4)
    assert units == ("快", "递", "退", "款", "快递", "退款")


def test_a_row_starts_as_the_mean_of_its_glosses(teacher: Path):
    table = np.eye(len(ENGLISH), dtype=np.float32)
    english = Tokenizer.from_file(str(teacher / "tokenizer.json"))
    entries = [("退款", ["refund", "to refund"]), ("快", ["parcel"])]
    rows = gloss_rows(("退款", "快", "快递"), entries, tokenizer=english, embeddings=table)
    assert rows[0].argmax() == ENGLISH.index("refund")
    assert rows[1] == pytest.approx(table[ENGLISH.index("parcel")])
    assert rows[2] == pytest.approx(rows[1])


def test_a_resumed_run_ends_where_an_unbroken_one_does(
    teacher: Path, vocabulary: Vocabulary, tokenizer: Tokenizer, tmp_path: Path
):
    recipe = replace(
        Recipe(), steps=6, warm_up=2, frozen_steps=1, tokens=40, english_tokens=20,
        paraphrase_tokens=20, bank=4, checkpoint_every=3,
    )  # fmt: skip
    material = new_material(tokenizer, vocabulary)
    whole = Trainer(new_student(teacher, vocabulary), material, recipe)
    whole.run(tmp_path / "whole.pt")
    first = Trainer(new_student(teacher, vocabulary), material, recipe)
    for _ in range(3):
        first.advance()
    first.save(tmp_path / "half.pt")
    second = Trainer(new_student(teacher, vocabulary), material, recipe)
    second.load(tmp_path / "half.pt")
    second.run(tmp_path / "half.pt")
    assert second.step == 6
    torch.testing.assert_close(second.student.chinese.weight, whole.student.chinese.weight)


def test_training_moves_new_rows_and_leaves_the_teachers_alone(
    teacher: Path, vocabulary: Vocabulary, tokenizer: Tokenizer
):
    student = new_student(teacher, vocabulary)
    english, chinese = student.english.clone(), student.chinese.weight.detach().clone()
    recipe = replace(Recipe(), tokens=40, bank=4, warm_up=1)
    trainer = Trainer(student, new_material(tokenizer, vocabulary), recipe)
    losses = [trainer.advance() for _ in range(60)]
    assert losses[-1] < losses[0]
    torch.testing.assert_close(student.english, english)
    assert not torch.equal(student.chinese.weight, chinese)


def test_the_rate_rises_then_falls_to_zero():
    recipe = replace(Recipe(), steps=10, warm_up=4)
    points = [(0, 0.0), (3, 0.0), (5, 0.5), (10, 1.0)]
    assert [rate(step, progress, recipe) for step, progress in points] == [0.25, 1.0, 0.5, 0.0]


def test_a_text_that_the_teacher_holds_for_the_same_is_no_negative():
    aim = torch.eye(2)
    recipe = replace(Recipe(), cosine=0.0)
    twin = translation_loss(aim, aim, aim[:1].clone(), recipe)
    alone = translation_loss(aim, aim, torch.zeros((1, 2)), recipe)
    assert float(twin) == pytest.approx(float(alone), abs=1e-4)


def test_the_folder_loads_with_sentence_transformers_and_gives_the_same_vectors(
    teacher: Path, vocabulary: Vocabulary, tokenizer: Tokenizer, tmp_path: Path
):
    library = pytest.importorskip("sentence_transformers")
    student = new_student(teacher, vocabulary).eval()
    folder = write_folder(
        student, vocabulary, tokenizer, teacher=teacher, target=tmp_path / "folder"
    )
    rows = Reader(tokenizer, vocabulary).rows(["快递什么refund"])[0]
    mine = student(torch.from_numpy(rows)[None], torch.ones((1, len(rows)), dtype=torch.int64))
    model = library.SentenceTransformer(str(folder), device="cpu")
    theirs = model.encode(["快递什么refund"])
    np.testing.assert_allclose(mine.detach().numpy(), theirs, atol=1e-5)


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


def test_phrases_fill_their_slots_and_held_out_pairs_share_no_text_with_training(tmp_path: Path):
    own = tmp_path / "own"
    own.mkdir()
    rows = [
        {"slot": "goods", "values": [{"zh": "手机", "en": "phone"}, {"zh": "鞋", "en": "shoe"}]},
        {"zh": ["退{goods}", "要退{goods}"], "en": ["Return the {goods}"]},
    ]
    (own / "phrases.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    pairs = tmp_path / "en-zh-pairs"
    pairs.mkdir()
    lines = [f"Sentence {i // 2}.\t第{i}个句子。" for i in range(40)]
    (pairs / "tatoeba-cmn.txt").write_text("\n".join(lines), encoding="utf-8")
    corpus = read_corpus(tmp_path, own, sources=("tatoeba", "phrases"), seed=0)
    assert Translation("要退鞋", "Return the shoe") in corpus.translations["phrases"]
    held_out = {pair.en for pair in corpus.held_out["tatoeba"]}
    assert len(held_out) == 8
    assert held_out.isdisjoint(pair.en for pair in corpus.translations["tatoeba"])


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


def test_rows_that_repeat_are_stored_once_in_an_onnx_graph():
    onnx = pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    from training.encoder.sharing import share_rows

    table = np.array([[3, 3], [1, 2], [3, 3], [0, 5], [1, 2]], dtype=np.float32)
    make = onnx.helper
    graph = make.make_graph(
        [make.make_node("Gather", ["table", "ids"], ["rows"], name="lookup")],
        "lookup",
        [make.make_tensor_value_info("ids", onnx.TensorProto.INT64, [None])],
        [make.make_tensor_value_info("rows", onnx.TensorProto.FLOAT, [None, 2])],
        [onnx.numpy_helper.from_array(table, "table")],
    )
    assert share_rows(graph) == 2
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    session = runtime.InferenceSession(model.SerializeToString())
    ids = np.array([4, 3, 2, 1, 0])
    np.testing.assert_array_equal(session.run(None, {"ids": ids})[0], table[ids])

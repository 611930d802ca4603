"""The encoder recipe on a model small enough to be made in the test."""
# ruff: noqa: E402  # the recipe's modules import torch, which a serving install does not have

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

torch = pytest.importorskip("torch")
pytest.importorskip("sentencepiece")
transformers = pytest.importorskip("transformers")

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from training.encoder.distil import Material, Recipe, Trainer, rate
from training.encoder.folder import read_units, read_weights, write_folder
from training.encoder.initialise import gloss_rows
from training.encoder.losses import Pairing, contrast_loss, translation_loss
from training.encoder.material import Reader
from training.encoder.streams import Speller, make_stream
from training.encoder.student import GRID_STEP, Student, keep_layers, load_body
from training.encoder.vocabulary import Vocabulary, build_tokenizer, english_pieces

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
def tokenizer_json(teacher: Path, vocabulary: Vocabulary) -> str:
    return build_tokenizer(vocabulary, teacher)


@pytest.fixture
def tokenizer(tokenizer_json: str) -> Tokenizer:
    return Tokenizer.from_str(tokenizer_json)


def new_student(teacher: Path, vocabulary: Vocabulary) -> Student:
    body = load_body(teacher)
    table = body.embeddings.word_embeddings.weight.detach().numpy()
    rows = np.random.default_rng(0).normal(size=(len(vocabulary.units), table.shape[1]), scale=0.02)
    return Student(body, rows.astype(np.float32))


def new_material(tokenizer_json: str, vocabulary: Vocabulary) -> Material:
    chinese = ["快递", "退款", "头发", "什么", "快递的", "退款的", "中", "发快递"] * 2
    reader = Reader(tokenizer_json)
    texts = reader.rows(chinese)
    unlike = reader.rows(["退款", "", "什么", ""] * 4)
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(len(chinese), 16)).astype(np.float32)
    aims = torch.nn.functional.normalize(torch.from_numpy(vectors), dim=-1)
    order = list(range(len(chinese)))
    return Material(
        translations=(make_stream("tatoeba", texts, order),),
        contrasts=(make_stream("phrases", texts, order, texts[::-1], unlike),),
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


def test_plain_and_continuing_forms_of_a_unit_share_one_id(
    vocabulary: Vocabulary, tokenizer: Tokenizer
):
    ids = vocabulary.tokens()
    assert ids["快递"] == ids["##快递"] == len(ENGLISH) + UNITS.index("快递")
    assert ids["refund"] == ENGLISH.index("refund")
    first, second = tokenizer.encode("退款快递").ids[1:3], tokenizer.encode("快递退款").ids[1:3]
    assert first == second[::-1]


def test_spelling_a_word_replaces_it_by_its_characters(vocabulary: Vocabulary):
    speller = Speller(vocabulary.spellings(), len(ENGLISH))
    word = np.array([len(ENGLISH) + UNITS.index("快递")] * 200)
    spelt = speller.spell(word, np.random.default_rng(0))
    assert set(spelt) == {word[0], len(ENGLISH), len(ENGLISH) + 1}
    assert len(spelt) > len(word)


def test_a_row_starts_as_the_mean_of_its_glosses(teacher: Path):
    table = np.eye(len(ENGLISH), dtype=np.float32)
    english = Tokenizer.from_file(str(teacher / "tokenizer.json"))
    entries = [("退款", ["refund", "to refund"]), ("快", ["parcel"])]
    rows = gloss_rows(("退款", "快", "快递"), entries, tokenizer=english, embeddings=table)
    assert rows[0].argmax() == ENGLISH.index("refund")
    assert rows[1] == pytest.approx(table[ENGLISH.index("parcel")])
    assert rows[2] == pytest.approx(rows[1])


def test_a_resumed_run_ends_where_an_unbroken_one_does(
    teacher: Path, vocabulary: Vocabulary, tokenizer_json: str, tmp_path: Path
):
    recipe = replace(
        Recipe(), steps=6, warm_up=2, frozen_steps=1, tokens=40, english_tokens=20,
        contrast_tokens=20, bank=4, checkpoint_every=3,
    )  # fmt: skip
    material = new_material(tokenizer_json, vocabulary)
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
    teacher: Path, vocabulary: Vocabulary, tokenizer_json: str
):
    student = new_student(teacher, vocabulary)
    english, chinese = student.english.clone(), student.chinese.weight.detach().clone()
    recipe = replace(Recipe(), tokens=40, bank=4, warm_up=1)
    trainer = Trainer(student, new_material(tokenizer_json, vocabulary), recipe)
    losses = [trainer.advance() for _ in range(60)]
    assert losses[-1] < losses[0]
    torch.testing.assert_close(student.english, english)
    assert not torch.equal(student.chinese.weight, chinese)


def test_a_shallow_student_keeps_layers_from_first_to_last_and_its_folder_says_so(
    teacher: Path, vocabulary: Vocabulary, tokenizer_json: str, tmp_path: Path
):
    student = new_student(teacher, vocabulary)
    first = student.body.encoder.layer[0]
    last = deepcopy(first)
    student.body.encoder.layer = torch.nn.ModuleList([first, torch.nn.Identity(), last])
    keep_layers(student.body, 2)
    assert list(student.body.encoder.layer) == [first, last]
    folder = write_folder(student, tokenizer_json, teacher=teacher, target=tmp_path / "folder")
    assert json.loads((folder / "config.json").read_text())["num_hidden_layers"] == 2


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
    teacher: Path, vocabulary: Vocabulary, tokenizer_json: str, tmp_path: Path
):
    library = pytest.importorskip("sentence_transformers")
    student = new_student(teacher, vocabulary).eval()
    folder = write_folder(student, tokenizer_json, teacher=teacher, target=tmp_path / "folder")
    rows = Reader(tokenizer_json).rows(["快递什么refund"])[0]
    mine = student(torch.from_numpy(rows)[None], torch.ones((1, len(rows)), dtype=torch.int64))
    model = library.SentenceTransformer(str(folder), device="cpu")
    theirs = model.encode(["快递什么refund"])
    assert float((mine.detach().numpy() * theirs).sum()) > 0.9999
    assert {p.dtype for p in model.parameters()} == {torch.float32}


def test_a_student_can_go_on_from_a_written_folder(
    teacher: Path, vocabulary: Vocabulary, tokenizer_json: str, tmp_path: Path
):
    written = new_student(teacher, vocabulary).eval()
    with torch.no_grad():
        written.body.embeddings.position_embeddings.weight += 0.5
    folder = write_folder(written, tokenizer_json, teacher=teacher, target=tmp_path / "folder")
    assert read_units(folder) == vocabulary.units
    read = Student(load_body(teacher), np.zeros((len(vocabulary.units), 16), np.float32)).eval()
    read_weights(read, folder)
    rows = torch.from_numpy(Reader(tokenizer_json).rows(["快递什么refund"])[0])[None]
    mask = torch.ones_like(rows)
    torch.testing.assert_close(read(rows, mask), written(rows, mask), atol=1e-3, rtol=0)


def test_rows_are_stored_exactly_and_their_gradient_passes_the_rounding(
    teacher: Path, vocabulary: Vocabulary
):
    student = new_student(teacher, vocabulary)
    steps = student.all_rows() / GRID_STEP
    torch.testing.assert_close(steps, steps.round(), atol=1e-3, rtol=0)
    rows = torch.tensor([[2, len(ENGLISH), 3]])
    student(rows, torch.ones_like(rows))[0, 0].backward()
    gradient = student.chinese.weight.grad.to_dense()
    assert gradient[0].abs().sum() > 0
    assert gradient[1].abs().sum() == 0


def test_equals_near_and_near_misses_far_cost_less_than_the_other_way_round():
    def loss(right: list[list[float]], unlike: list[list[float]], groups: list[int]) -> float:
        pairs = Pairing(torch.tensor([0, 1]), torch.tensor([0]), torch.tensor(groups))
        left = torch.eye(3)[:2]
        return float(
            contrast_loss(left, torch.tensor(right), torch.tensor(unlike), pairs, Recipe())
        )

    right, far = [[1.0, 0, 0], [0, 1.0, 0]], [[0, 0, 1.0]]
    assert loss(right, far, [0, 1]) < loss(right, [[0.9, 0, 0.4]], [0, 1])
    assert loss(right, far, [0, 1]) < loss(right[::-1], far, [0, 1])
    # Texts of one group are no negatives of each other.
    assert loss([[1.0, 0, 0]] * 2, far, [0, 1]) > loss([[1.0, 0, 0]] * 2, far, [5, 5])


def test_a_batch_without_equals_or_without_near_misses_has_a_loss():
    none, recipe = torch.zeros((0, 3)), Recipe()
    left, empty = torch.eye(3)[:2], torch.tensor([], dtype=torch.int64)
    groups = torch.tensor([0, 1])
    alone = contrast_loss(left, none, left, Pairing(empty, groups, groups), recipe)
    assert float(alone) == 0
    equal = contrast_loss(left, left, none, Pairing(groups, empty, groups), recipe)
    assert float(equal) == pytest.approx(0, abs=1e-6)

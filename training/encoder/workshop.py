"""The stages of a run in their order, from texts to a folder and its figures.

It owns which stage reads what another wrote; each stage's work is a module of its own.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from tokenizers import Tokenizer

from training.encoder.distil import Recipe, Trainer
from training.encoder.folder import read_units, read_weights, write_folder
from training.encoder.initialise import gloss_rows
from training.encoder.material import Reader, Teacher, make_material
from training.encoder.measure import Encode, Vectors, full, steering
from training.encoder.pairs import Corpus
from training.encoder.readers import glosses, read_corpus
from training.encoder.student import Student, keep_layers, load_body, vectors
from training.encoder.vocabulary import (
    Vocabulary,
    build_tokenizer,
    choose_units,
    count_words,
    english_pieces,
    load_vocabulary,
)

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence
    from pathlib import Path

log = logging.getLogger(__name__)

CHECKPOINT = "checkpoint.pt"
UNITS = "units.txt"
DICTIONARY = "en-zh-pairs/cedict.txt.gz"
# Texts of these files are counted for the choice of words, whatever their licence says of copies.
COUNTED = ("zh-paraphrase/*", "cn-reviews/*.csv", "zh-dialogues/*.jsonl", "zh-emotion/*.csv",
           "en-zh-pairs/*.tsv", "cs-scripts/*.jsonl")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where a run reads and writes, and with what.

    Attributes:
        data: folder of public data.
        own: folder of this project's datasets.
        out: folder of everything that the run writes.
        teacher: folder of all-MiniLM-L6-v2.
        sources: names of the sources to learn from.
        words: size of the vocabulary in words; ``characters`` likewise.
        layers: how many of the teacher's layers the student has.
        start: a finished student's folder, whose vocabulary and weights are gone on from.
    """

    data: Path
    own: Path
    out: Path
    teacher: Path
    sources: tuple[str, ...]
    words: int
    characters: int
    layers: int
    device: torch.device
    recipe: Recipe
    start: Path | None = None


def build(shop: Workshop) -> dict[str, float]:
    """Run every stage and return the figures of the finished student."""
    shop.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(shop.recipe.seed)
    seed = shop.recipe.seed
    corpus = read_corpus(shop.data, shop.own, sources=shop.sources, seed=seed)
    counts = _counts(shop, corpus)
    vocabulary = _vocabulary(shop, counts)
    tokenizer = build_tokenizer(vocabulary, shop.teacher)
    reader = Reader(tokenizer)
    teacher = Teacher(load_body(shop.teacher).to(shop.device), _english(shop), shop.out)
    material = make_material(
        corpus, counts, vocabulary=vocabulary, reader=reader, teacher=teacher, seed=seed
    )
    student = new_student(shop, vocabulary)
    if shop.start:
        read_weights(student, shop.start)
    encode = encoder(student, reader)

    def watch(step: int) -> None:
        figures = steering(encode, teacher.vectors, shop.data, corpus)
        log.info("step %d %s", step, {name: round(value, 4) for name, value in figures.items()})

    trainer = Trainer(student, material, shop.recipe)
    checkpoint = shop.out / CHECKPOINT
    if checkpoint.exists():
        trainer.load(checkpoint)
        log.info("going on from step %d", trainer.step)
    trainer.run(checkpoint, watch)
    target = shop.out / "bilingual"
    write_folder(student, tokenizer, teacher=shop.teacher, target=target)
    figures = full(encode, teacher.vectors, data=shop.data, own=shop.own, corpus=corpus)
    (shop.out / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return figures


def new_student(shop: Workshop, vocabulary: Vocabulary) -> Student:
    """Return an untrained student: the teacher's body, and rows that begin as glosses."""
    body = load_body(shop.teacher)
    rows = gloss_rows(
        vocabulary.units,
        glosses(shop.data / DICTIONARY),
        tokenizer=_english(shop),
        embeddings=body.embeddings.word_embeddings.weight.detach().numpy(),
    )
    keep_layers(body, shop.layers)
    student = Student(body, rows)
    student.to(shop.device)
    return student


def encoder(student: Student, reader: Reader) -> Encode:
    """Return a function from texts to the student's unit vectors."""

    def encode(texts: Sequence[str]) -> Vectors:
        student.eval()
        rows: Vectors = vectors(student, reader.rows(texts))
        return rows

    return encode


def _english(shop: Workshop) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(shop.teacher / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _counts(shop: Workshop, corpus: Corpus) -> Counter[str]:
    """Count words over the sources' Chinese and the texts that are only counted."""
    texts = [p.zh for name, pairs in corpus.translations.items() if name != "cedict" for p in pairs]
    texts += [text for groups in corpus.groups.values() for group in groups for text in group.same]
    files = [file for pattern in COUNTED for file in sorted(shop.data.glob(pattern))]
    files += sorted(shop.own.glob("*.jsonl"))
    texts += [file.read_text(encoding="utf-8") for file in files]
    return count_words(texts)


def _vocabulary(shop: Workshop, counts: Counter[str]) -> Vocabulary:
    """Return the vocabulary that the run, or the one it starts from, began with, or choose it."""
    file, english = shop.out / UNITS, english_pieces(shop.teacher)
    if file.exists():
        return load_vocabulary(file, english)
    if shop.start:
        units = read_units(shop.start)
    else:
        headwords = [word for word, _ in glosses(shop.data / DICTIONARY)]
        units = choose_units(counts, headwords, words=shop.words, characters=shop.characters)
    vocabulary = Vocabulary(english, units)
    vocabulary.save(file)
    return vocabulary

"""What there is to learn from: translations, groups of equal texts, and every source's licence.

It owns the kinds of text; how a file is read, and what a step makes of it, is left to others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Translation:
    """A Chinese text and an English one that says the same."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Group:
    """Chinese texts that mean the same and near misses: alike in words, another in meaning."""

    same: tuple[str, ...]
    unlike: tuple[str, ...] = ()


class Contrast(NamedTuple):
    """Two texts of one group, and one that is unlike the first; either may be empty."""

    left: str
    right: str
    unlike: str
    group: int


@dataclass(frozen=True, slots=True)
class Source:
    """Where texts come from: file below the data folder, licence, and what is read from it.

    ``shippable`` is true where the licence lets trained weights be passed on.
    """

    name: str
    file: str
    licence: str
    shippable: bool


@dataclass(slots=True)
class Corpus:
    """Everything to train on and, apart from it, what is held out for measuring."""

    translations: dict[str, list[Translation]] = field(default_factory=dict)
    groups: dict[str, list[Group]] = field(default_factory=dict)
    english: list[str] = field(default_factory=list)
    held_out: dict[str, list[Translation]] = field(default_factory=dict)
    held_out_groups: list[Group] = field(default_factory=list)


SOURCES = (
    Source("cedict", "en-zh-pairs/cedict.txt.gz", "CC-BY-SA-4.0", shippable=True),
    Source("tatoeba", "en-zh-pairs/tatoeba-cmn.txt", "CC-BY-2.0-FR", shippable=True),
    Source("tldr", "en-zh-pairs/tldr-zh.tsv", "CC-BY-4.0", shippable=True),
    Source("tldr-tw", "en-zh-pairs/tldr-zh_TW.tsv", "CC-BY-4.0", shippable=True),
    Source("clinc", "clinc150/data_full.json", "CC-BY-3.0", shippable=True),
    Source("articles", "articles.jsonl", "ours", shippable=True),
    Source("tickets", "tickets.jsonl", "ours", shippable=True),
    Source("phrases", "phrases.jsonl", "ours", shippable=True),
    Source("sentences", "sentences.jsonl", "ours", shippable=True),
    Source("kajweb", "en-zh-pairs/kajweb.tsv", "none stated", shippable=False),
    Source("insuranceqa", "en-zh-pairs/insuranceqa-train.txt", "research only", shippable=False),
    Source("smmtt", "en-zh-pairs/smmtt.en-zh", "GPL-3.0 file", shippable=False),
    Source("atec", "zh-paraphrase/atec_nlp_sim_train.csv", "none stated", shippable=False),
    Source("lcqmc", "zh-paraphrase/lcqmc-dev.txt", "none stated", shippable=False),
)
OURS = frozenset({"articles", "tickets", "phrases", "sentences"})


def default_sources() -> tuple[str, ...]:
    """Names of the sources that shipped weights may be trained on."""
    return tuple(source.name for source in SOURCES if source.shippable)

"""Readers of every text source: what is a translation, what a paraphrase, and under which licence.

It owns file formats and the held-out parts; how texts become tokens or batches is left to others.
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np

from training.encoder.charsmap import simplify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TATOEBA_HELD_OUT = 2000
TLDR_HELD_OUT = 500
SHORTEST_HELD_OUT = 4

_CLASSIFIER = re.compile(r"^CL:|^abbr\.|^(?:old |archaic )?variant of|^see (?:also )?|^surname ")
_PINYIN = re.compile(r"\[[^\]]*\]")
_CHINESE = re.compile(r"[\u4e00-\u9fff]+[|｜]?[\u4e00-\u9fff]*")
_BRACKETS = re.compile(r"\([^()]*\)")
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Translation:
    """A Chinese text and an English one that says the same."""

    zh: str
    en: str


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
    paraphrases: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    english: list[str] = field(default_factory=list)
    held_out: dict[str, list[Translation]] = field(default_factory=dict)


SOURCES = (
    Source("cedict", "en-zh-pairs/cedict.txt.gz", "CC-BY-SA-4.0", shippable=True),
    Source("tatoeba", "en-zh-pairs/tatoeba-cmn.txt", "CC-BY-2.0-FR", shippable=True),
    Source("tldr", "en-zh-pairs/tldr-zh.tsv", "CC-BY-4.0", shippable=True),
    Source("tldr-tw", "en-zh-pairs/tldr-zh_TW.tsv", "CC-BY-4.0", shippable=True),
    Source("clinc", "clinc150/data_full.json", "CC-BY-3.0", shippable=True),
    Source("articles", "articles.jsonl", "ours", shippable=True),
    Source("tickets", "tickets.jsonl", "ours", shippable=True),
    Source("phrases", "phrases.jsonl", "ours", shippable=True),
    Source("kajweb", "en-zh-pairs/kajweb.tsv", "none stated", shippable=False),
    Source("insuranceqa", "en-zh-pairs/insuranceqa-train.txt", "research only", shippable=False),
    Source("smmtt", "en-zh-pairs/smmtt.en-zh", "GPL-3.0 file", shippable=False),
    Source("atec", "zh-paraphrase/atec_nlp_sim_train.csv", "none stated", shippable=False),
    Source("lcqmc", "zh-paraphrase/lcqmc-dev.txt", "none stated", shippable=False),
)
OURS = frozenset({"articles", "tickets", "phrases"})


def default_sources() -> tuple[str, ...]:
    """Names of the sources that shipped weights may be trained on."""
    return tuple(source.name for source in SOURCES if source.shippable)


def read_corpus(data: Path, own: Path, *, sources: tuple[str, ...], seed: int) -> Corpus:
    """Read the named sources.

    Args:
        data: folder of public data (TRIAGE_BENCH_DATA).
        own: folder of this project's datasets.
        sources: names out of :data:`SOURCES`; others are left alone.
        seed: decides which Tatoeba and tldr pairs are held out.
    """
    corpus = Corpus()
    for source in SOURCES:
        if source.name in sources:
            file = (own if source.name in OURS else data) / source.file
            _READERS[source.name](corpus, source.name, file)
    rng = np.random.default_rng(seed)
    _hold_out(corpus, "tatoeba", TATOEBA_HELD_OUT, rng)
    _hold_out(corpus, "tldr", TLDR_HELD_OUT, rng)
    if "tatoeba" in corpus.translations:
        corpus.paraphrases["tatoeba"] = list(_same_english(corpus.translations["tatoeba"]))
    if "cedict" in corpus.translations:
        corpus.paraphrases["cedict"] = list(_same_english(corpus.translations["cedict"]))
    return corpus


def glosses(file: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield (Simplified word, cleaned English senses) of each CC-CEDICT entry that has any."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#") or "/" not in line:
                continue
            head, *senses = line.strip().strip("/").split("/")
            words = head.split(" ")
            cleaned = [sense for sense in map(_clean_sense, senses) if sense]
            if cleaned and len(words) > 1:
                yield simplify(words[1]), cleaned


def tab_separated(file: Path) -> Iterator[Translation]:
    """Yield the pairs of a file of ``English<tab>Chinese`` lines."""
    for line in file.read_text(encoding="utf-8").splitlines():
        en, _, zh = line.partition("\t")
        if en.strip() and zh.strip():
            yield Translation(zh.strip(), en.strip())


def labelled_pairs(file: Path) -> list[tuple[str, str, int]]:
    """Return (question, question, same?) of an ATEC or LCQMC file."""
    pairs = []
    for line in file.read_text(encoding="utf-8-sig").splitlines():
        *_, a, b, label = line.replace("\ufeff", "").split("\t")
        pairs.append((a.strip(), b.strip(), int(label)))
    return pairs


def _clean_sense(sense: str) -> str:
    if _CLASSIFIER.match(sense):
        return ""
    sense = _CHINESE.sub("", _PINYIN.sub("", _BRACKETS.sub("", sense)))
    sense = sense.removeprefix("lit. ").removeprefix("fig. ").strip(" ,;:|")
    return sense if any(c.isalpha() for c in sense) else ""


def _read_cedict(corpus: Corpus, name: str, file: Path) -> None:
    corpus.translations[name] = [
        Translation(word, "; ".join(senses[:3])) for word, senses in glosses(file)
    ]


def _read_tabs(corpus: Corpus, name: str, file: Path) -> None:
    corpus.translations[name] = list(dict.fromkeys(tab_separated(file)))


def _read_smmtt(corpus: Corpus, name: str, file: Path) -> None:
    rows = (line.split(" ||| ") for line in file.read_text(encoding="utf-8").splitlines())
    corpus.translations[name] = [
        Translation(zh.strip(), en.strip()) for en, zh, *_ in (row for row in rows if row[1:])
    ]


def _read_insurance(corpus: Corpus, name: str, file: Path) -> None:
    rows = (line.split(" ++$++ ") for line in file.read_text(encoding="utf-8").splitlines())
    corpus.translations[name] = [
        Translation(zh, " ".join(en.split())) for *_, zh, en in (row for row in rows if row[3:])
    ]


def _read_clinc(corpus: Corpus, name: str, file: Path) -> None:
    del name
    content = json.loads(file.read_text(encoding="utf-8"))
    corpus.english.extend(text for text, _ in content["train"])


def _read_labelled(corpus: Corpus, name: str, file: Path) -> None:
    """Keep the first half: the other is what every run is measured on."""
    pairs = labelled_pairs(file)
    corpus.paraphrases[name] = [(a, b) for a, b, same in pairs[: len(pairs) // 2] if same]


def _read_articles(corpus: Corpus, name: str, file: Path) -> None:
    translations = corpus.translations.setdefault(name, [])
    paraphrases = corpus.paraphrases.setdefault(name, [])
    for article in _json_lines(file):
        versions = article["translations"]
        english = versions.get("en")
        chinese = [v for key, v in versions.items() if key.startswith("zh")]
        for version in chinese:
            questions = version.get("questions", [])
            paraphrases.extend(pairwise([version["title"], *questions]))
            if english:
                translations.append(Translation(version["title"], english["title"]))
                translations.append(Translation(_fill(version["reply"]), _fill(english["reply"])))
        if english:
            corpus.english.extend([_fill(english["reply"]), *english.get("questions", [])])


def _read_tickets(corpus: Corpus, name: str, file: Path) -> None:
    """Messages of one intent are no paraphrases: only English ones serve, for retention."""
    del name
    corpus.english.extend(row["text"] for row in _json_lines(file) if row["language"] == "en")


def _read_phrases(corpus: Corpus, name: str, file: Path) -> None:
    """Read groups of equal sentences; a slot such as {goods} stands for each of its values."""
    translations = corpus.translations.setdefault(name, [])
    paraphrases = corpus.paraphrases.setdefault(name, [])
    if not file.exists():
        return
    slots: dict[str, list[dict[str, str]]] = {}
    for row in _json_lines(file):
        if "slot" in row:
            slots[row["slot"]] = row["values"]
            continue
        for filling in _fillings(" ".join(row["zh"]), slots):
            chinese = [text.format_map(filling["zh"]) for text in row["zh"]]
            english = [text.format_map(filling["en"]) for text in row["en"]]
            translations.extend(Translation(zh, en) for zh in chinese for en in english)
            paraphrases.extend(pairwise(chinese))


def _fillings(
    text: str, slots: dict[str, list[dict[str, str]]]
) -> Iterator[dict[str, dict[str, str]]]:
    """Yield what the slots of ``text`` may hold: by language, by slot."""
    names = sorted(set(_SLOT.findall(text)))
    for values in product(*(slots[name] for name in names)):
        yield {
            language: {name: value[language] for name, value in zip(names, values, strict=True)}
            for language in ("zh", "en")
        }


def _fill(reply: str) -> str:
    return " ".join(_SLOT.sub(lambda slot: slot[1].replace("_", " "), reply).split())


def _json_lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]


def _hold_out(corpus: Corpus, name: str, count: int, rng: np.random.Generator) -> None:
    """Set pairs aside, and drop from training every pair that shares a text with one of them."""
    pairs = corpus.translations.get(name)
    if not pairs:
        return
    chosen: dict[str, Translation] = {}
    seen: set[str] = set()
    for index in rng.permutation(len(pairs)):
        pair = pairs[int(index)]
        if len(chosen) == min(count, len(pairs) // 5):
            break
        if (
            pair.en not in chosen
            and simplify(pair.zh) not in seen
            and len(pair.zh) >= SHORTEST_HELD_OUT
        ):
            chosen[pair.en] = pair
            seen.add(simplify(pair.zh))
    corpus.held_out[name] = list(chosen.values())
    for other, rest in corpus.translations.items():
        if other != "cedict":
            corpus.translations[other] = [
                pair for pair in rest if pair.en not in chosen and simplify(pair.zh) not in seen
            ]


def _same_english(pairs: list[Translation]) -> Iterator[tuple[str, str]]:
    """Yield Chinese texts that follow each other under one English text."""
    groups: dict[str, list[str]] = {}
    for pair in pairs:
        groups.setdefault(pair.en.lower(), []).append(pair.zh)
    for texts in groups.values():
        unique = list({simplify(text): text for text in texts}.values())
        yield from pairwise(unique)


_READERS: dict[str, Callable[[Corpus, str, Path], None]] = {
    "cedict": _read_cedict,
    "tatoeba": _read_tabs,
    "tldr": _read_tabs,
    "tldr-tw": _read_tabs,
    "kajweb": _read_tabs,
    "clinc": _read_clinc,
    "articles": _read_articles,
    "tickets": _read_tickets,
    "phrases": _read_phrases,
    "smmtt": _read_smmtt,
    "insuranceqa": _read_insurance,
    "atec": _read_labelled,
    "lcqmc": _read_labelled,
}

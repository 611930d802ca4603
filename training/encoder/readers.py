"""Readers of every text source.

It owns file formats and the held-out parts; how texts become tokens or batches is left to others.
"""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from training.encoder.charsmap import simplify
from training.encoder.pairs import OURS, SOURCES, Corpus, Group, Source, Translation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TATOEBA_HELD_OUT = 2000
TLDR_HELD_OUT = 500
SENTENCES_HELD_OUT = 200
PHRASES_HELD_OUT_EVERY = 10
SHORTEST_HELD_OUT = 4
LARGEST_GROUP = 6
# Translations of other kinds of text, measured on where they are not learnt from.
STRANGERS = ("kajweb", "smmtt")
STRANGERS_HELD_OUT = 2000
STRANGERS_LENGTH = range(12, 61)

_CLASSIFIER = re.compile(r"^CL:|^abbr\.|^(?:old |archaic )?variant of|^see (?:also )?|^surname ")
_PINYIN = re.compile(r"\[[^\]]*\]")
_CHINESE = re.compile(r"[\u4e00-\u9fff]+[|｜]?[\u4e00-\u9fff]*")
_BRACKETS = re.compile(r"\([^()]*\)")
_SLOT = re.compile(r"\{(\w+)\}")


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
    _hold_out(corpus, "sentences", SENTENCES_HELD_OUT, rng)
    for source in SOURCES:
        if source.name in STRANGERS and source.name not in sources:
            corpus.held_out[source.name] = _sample(source, data / source.file, rng)
    if "tatoeba" in corpus.translations:
        corpus.groups["tatoeba"] = list(_same_english(corpus.translations["tatoeba"]))
    if "cedict" in corpus.translations:
        corpus.groups["cedict"] = list(_same_english(corpus.translations["cedict"]))
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
    corpus.groups[name] = [
        Group((a, b)) if same else Group((a,), (b,)) for a, b, same in pairs[: len(pairs) // 2]
    ]


def _read_articles(corpus: Corpus, name: str, file: Path) -> None:
    translations = corpus.translations.setdefault(name, [])
    groups = corpus.groups.setdefault(name, [])
    for article in _json_lines(file):
        versions = article["translations"]
        english = versions.get("en")
        chinese = [v for key, v in versions.items() if key.startswith("zh")]
        for version in chinese:
            questions = version.get("questions", [])
            groups.append(Group((version["title"], *questions)))
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
    """Read groups of equal sentences with an English one; every tenth is held out."""
    if not file.exists():
        return
    rows = [(Group(tuple(r["zh"]), tuple(r["unlike"])), r["en"]) for r in _json_lines(file)]
    held_out = rows[::PHRASES_HELD_OUT_EVERY]
    learnt = [row for i, row in enumerate(rows) if i % PHRASES_HELD_OUT_EVERY]
    corpus.translations[name] = [Translation(zh, en) for group, en in learnt for zh in group.same]
    corpus.groups[name] = [group for group, _ in learnt]
    corpus.held_out[name] = [Translation(group.same[-1], en) for group, en in held_out]
    corpus.held_out_groups = [group for group, _ in held_out]


def _read_sentences(corpus: Corpus, name: str, file: Path) -> None:
    if file.exists():
        rows = [Translation(row["zh"], row["en"]) for row in _json_lines(file)]
        corpus.translations[name] = rows


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


def _sample(source: Source, file: Path, rng: np.random.Generator) -> list[Translation]:
    """Return translations out of a file that nothing is learnt from, no text twice."""
    other = Corpus()
    _READERS[source.name](other, source.name, file)
    chosen: dict[str, Translation] = {}
    seen: set[str] = set()
    for index in rng.permutation(len(other.translations[source.name])):
        pair = other.translations[source.name][int(index)]
        if len(pair.zh) in STRANGERS_LENGTH and pair.zh not in seen:
            chosen.setdefault(pair.en, pair)
            seen.add(pair.zh)
        if len(chosen) == STRANGERS_HELD_OUT:
            break
    return list(chosen.values())


def _same_english(pairs: list[Translation]) -> Iterator[Group]:
    """Yield the Chinese texts of each English text that has several."""
    found: dict[str, list[str]] = {}
    for pair in pairs:
        found.setdefault(pair.en.lower(), []).append(pair.zh)
    for texts in found.values():
        unique = list({simplify(text): text for text in texts}.values())
        if len(unique) > 1:
            yield Group(tuple(unique[:LARGEST_GROUP]))


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
    "sentences": _read_sentences,
    "smmtt": _read_smmtt,
    "insuranceqa": _read_insurance,
    "atec": _read_labelled,
    "lcqmc": _read_labelled,
}

"""From a corpus to what a run learns from: streams of rows and the teacher's vectors.

It owns which texts are added by augmentation and the cache of teacher vectors.
"""

from __future__ import annotations

import json
import logging
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from tokenizers import Tokenizer

from training.encoder.augment import Mixer, joined, reworded, taiwanese
from training.encoder.distil import Material
from training.encoder.pairs import Contrast, Corpus, Group, Translation
from training.encoder.streams import Rows, Speller, make_stream
from training.encoder.student import padded

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from training.encoder.vocabulary import Vocabulary

log = logging.getLogger(__name__)

LONGEST_TEXT = 96
LONGEST_REWORDED = 60
LONGEST_JOINED = 4
MOST_JOINED = 15_000
FEWEST_PAIRS = 8


def augmented(corpus: Corpus, counts: Counter[str], *, seed: int) -> dict[str, list[Translation]]:
    """Return every translation by stream: the corpus's own and those made from them."""
    rng = np.random.default_rng((seed, 1))
    own = {name: list(pairs) for name, pairs in corpus.translations.items()}
    if "tldr-tw" in own:
        own.setdefault("tldr", []).extend(own.pop("tldr-tw"))
    sentences = [name for name in own if name != "cedict"]
    for name in sentences:
        own[name].extend(taiwanese(list(own[name])))
    plain = [p for n in ("tatoeba", "phrases", "sentences") for p in own.get(n, [])]
    streams = dict(own)
    if len(plain) >= LONGEST_JOINED:
        count = min(len(plain), MOST_JOINED)
        streams["joined"] = list(joined(plain, count, longest=LONGEST_JOINED, rng=rng))
    wordings = [
        Translation(reworded(p.zh, rng), p.en)
        for name in ("tatoeba", "phrases", "sentences", "articles")
        for p in own.get(name, [])
        if len(p.zh) < LONGEST_REWORDED
    ]
    streams["reworded"] = wordings
    if "cedict" in own and corpus.english:
        entries = [(p.zh, p.en.split("; ")) for p in own["cedict"]]
        mixer = Mixer(entries, counts)
        streams["mixed"] = [
            Translation(mixer.mix(text, share=share, rng=rng), text)
            for text in corpus.english
            for share in (0.5, 0.9)
        ]
    return {name: pairs for name, pairs in streams.items() if pairs}


def contrasts(corpus: Corpus, *, seed: int) -> dict[str, list[Contrast]]:
    """Return by stream which Chinese texts to draw together and which apart."""
    rng = np.random.default_rng((seed, 2))
    streams = {
        name: [row for i, group in enumerate(groups) for row in rows_of(group, i)]
        for name, groups in corpus.groups.items()
    }
    sentences = [corpus.translations.get(name, []) for name in ("tatoeba", "sentences", "phrases")]
    streams["reworded"] = [
        Contrast(pair.zh, other, "", i)
        for i, pair in enumerate(pair for pairs in sentences for pair in pairs)
        if len(pair.zh) < LONGEST_REWORDED and (other := reworded(pair.zh, rng)) != pair.zh
    ]
    return {name: rows for name, rows in streams.items() if len(rows) >= FEWEST_PAIRS}


def rows_of(group: Group, number: int) -> Iterator[Contrast]:
    """Yield every two equal texts of a group, with a near miss where it has any."""
    pairs = list(combinations(group.same, 2)) or [(group.same[0], "")]
    for i in range(max(len(pairs), len(group.unlike))):
        unlike = group.unlike[i % len(group.unlike)] if group.unlike else ""
        yield Contrast(*pairs[i % len(pairs)], unlike, number)


def make_material(
    corpus: Corpus,
    counts: Counter[str],
    *,
    vocabulary: Vocabulary,
    reader: Reader,
    teacher: Teacher,
    seed: int,
) -> Material:
    """Return streams and teacher vectors for a run."""
    translations = augmented(corpus, counts, seed=seed)
    english = sorted({p.en for pairs in translations.values() for p in pairs} | {*corpus.english})
    index = {text: i for i, text in enumerate(english)}
    streams = tuple(
        make_stream(name, reader.rows([p.zh for p in pairs]), [index[p.en] for p in pairs])
        for name, pairs in translations.items()
    )
    pairs = tuple(
        make_stream(
            name,
            reader.rows([row.left for row in rows]),
            [row.group for row in rows],
            reader.rows([row.right for row in rows]),
            reader.rows([row.unlike for row in rows]),
        )
        for name, rows in contrasts(corpus, seed=seed).items()
    )
    for stream in (*streams, *pairs):
        log.info("stream %s: %d texts, %.1f tokens", stream.name, len(stream.texts),
                 np.mean([len(text) for text in stream.texts]))  # fmt: skip
    kept = sorted(
        {p.en for name, own in translations.items() if name != "cedict" for p in own}
        | set(corpus.english)
    )
    retained = make_stream("english", reader.rows(kept), [index[text] for text in kept])
    return Material(
        translations=streams,
        contrasts=pairs,
        english=retained,
        teacher=torch.from_numpy(teacher.cached(english)).half(),
        speller=Speller(vocabulary.spellings(), len(vocabulary.english)),
    )


class Reader:
    """Cuts texts into token ids, which are rows of the student's embedding."""

    def __init__(self, tokenizer: str) -> None:
        self._tokenizer = Tokenizer.from_str(tokenizer)
        self._tokenizer.enable_truncation(LONGEST_TEXT)

    def rows(self, texts: Sequence[str]) -> list[Rows]:
        """Return one array of rows for each text, at most LONGEST_TEXT long; none for no text."""
        cut = self._tokenizer.encode_batch_fast(list(texts))
        return [np.array(e.ids if text else [], dtype=np.int64)
                for e, text in zip(cut, texts, strict=True)]  # fmt: skip


class Teacher:
    """The English model's vectors, computed once and kept in a folder."""

    def __init__(self, body: Any, tokenizer: Tokenizer, folder: Path) -> None:
        self._body = body
        self._tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LONGEST_TEXT)
        self._folder = folder

    def cached(self, texts: Sequence[str]) -> NDArray[np.float16]:
        """Return unit vectors of ``texts``; the folder keeps those that were computed before."""
        names, file = self._folder / "teacher.json", self._folder / "teacher.npy"
        known: list[str] = json.loads(names.read_text(encoding="utf-8")) if names.exists() else []
        width = self._body.config.hidden_size
        rows = np.load(file) if known else np.zeros((0, width), dtype=np.float16)
        index = {text: i for i, text in enumerate(known)}
        missing = [text for text in texts if text not in index]
        if missing:
            log.info("teacher vectors of %d texts", len(missing))
            rows = np.concatenate([rows, self.vectors(missing).astype(np.float16)])
            index.update({text: len(known) + i for i, text in enumerate(missing)})
            self._folder.mkdir(parents=True, exist_ok=True)
            np.save(file, rows)
            names.write_text(json.dumps([*known, *missing], ensure_ascii=False), encoding="utf-8")
        found: NDArray[np.float16] = rows[[index[text] for text in texts]]
        return found

    def vectors(self, texts: Sequence[str], *, tokens: int = 2048) -> NDArray[np.float32]:
        """Return unit vectors of ``texts``, shape (texts, dim)."""
        device = self._body.device
        ids = [np.array(e.ids) for e in self._tokenizer.encode_batch_fast(list(texts))]
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        found = np.zeros((len(ids), self._body.config.hidden_size), dtype=np.float32)
        start = 0
        while start < len(order):
            size = max(tokens // len(ids[order[start]]), 1)
            chosen = order[start : start + size]
            tensor, mask = padded([ids[i] for i in chosen], device)
            with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
                states = self._body(input_ids=tensor, attention_mask=mask).last_hidden_state
            mean = (states.float() * mask.unsqueeze(-1)).sum(1)
            found[chosen] = torch.nn.functional.normalize(mean, dim=-1).cpu().numpy()
            start += size
        return found

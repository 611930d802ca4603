"""The spaCy pipeline that holds a text: a blank one, whose tokens break between character classes."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from triage.folding import fold, lower
from triage.text import without_surrogates

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

_TOKEN = re.compile(
    r"([a-zA-ZÀ-ÖØ-öø-ɏ\uff21-\uff3a\uff41-\uff5a]+|[0-9\uff10-\uff19]+|.)( ?)", re.DOTALL
)


def blank_pipeline() -> Language:
    """Return a multilingual pipeline without components; NORM is the plain lower-case form."""
    with _torch_hidden():
        import spacy

    nlp = spacy.blank("xx")
    getters: dict[int, Callable[[str], str]] = nlp.vocab.lex_attr_getters  # type: ignore[attr-defined]  # Cython
    getters[nlp.vocab.strings["NORM"]] = lambda word: lower(fold(word))
    nlp.tokenizer = _CharacterClassTokenizer(nlp.vocab)
    return nlp


class _CharacterClassTokenizer:
    """Runs of Latin letters and of digits are tokens; every other character is one.

    One space behind a token belongs to it, as everywhere in spaCy; so a phrase is found with its
    single spaces or without them.
    """

    def __init__(self, vocab: Vocab) -> None:
        self._vocab = vocab

    def __call__(self, text: str) -> Doc:
        from spacy.tokens import Doc

        pairs = _TOKEN.findall(without_surrogates(text))
        words = [word for word, _ in pairs]
        return Doc(self._vocab, words=words, spaces=[bool(space) for _, space in pairs])


@contextlib.contextmanager
def _torch_hidden() -> Iterator[None]:
    """Keep thinc from importing torch: seconds and 200 MB that a blank pipeline never uses."""
    if "torch" in sys.modules:
        yield
        return
    sys.modules["torch"] = None  # type: ignore[assignment]  # makes `import torch` raise ImportError
    try:
        yield
    finally:
        del sys.modules["torch"]

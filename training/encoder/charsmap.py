"""One character for many: the map that the tokenizer applies before it looks words up.

It owns Traditional → Simplified, full-width → ASCII and rare → placeholder, as a sentencepiece
"precompiled charsmap" that fits inside tokenizer.json; words and their rows are left to others.
"""

from __future__ import annotations

import functools
import io
import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

# Isolated by the pre-tokenizer and in no vocabulary, so a rare character costs one [UNK] and
# never turns its neighbours into one.
PLACEHOLDER = "〓"
IDEOGRAPHS = range(0x4E00, 0xA000)

# OpenCC converts these by context only; one spelling for both is what a lookup needs.
_MERGED = dict(
    zip("著妳牠甚覆瞭夥麽幺裏裡祇衹藉暱揹鍊", "着你它什复了伙么么里里只只借昵背链", strict=True)
)
# Curly quotes are left alone: English texts have them, and must reach the body unchanged.
_PUNCTUATION = {"。": ".", "、": ",", "「": '"', "」": '"', "『": '"', "』": '"', "【": "[",
                "】": "]", "《": '"', "》": '"', "〈": '"', "〉": '"', "\u3000": " "}  # fmt: skip


@functools.cache
def simplified_characters() -> Mapping[str, str]:
    """Map each Traditional or variant character to its Simplified form (OpenCC's tables)."""
    from opencc import OpenCC

    converters = [OpenCC(config) for config in ("tw2s", "hk2s", "t2s")]
    forms: dict[str, str] = dict(_MERGED)
    for code in IDEOGRAPHS:
        form = _MERGED.get(chr(code), chr(code))
        for converter in converters:
            turned = str(converter.convert(form))
            form = turned if len(turned) == 1 else form
        form = _MERGED.get(form, form)
        if form != chr(code):
            forms[chr(code)] = form
    return {source: forms.get(target, target) for source, target in forms.items()}


@functools.cache
def plain_marks() -> Mapping[str, str]:
    """Map full-width letters, digits and Chinese punctuation to their ASCII counterparts."""
    marks = dict(_PUNCTUATION)
    for code in (*range(0xFF01, 0xFF5F), *range(0xF900, 0xFB00)):
        plain = unicodedata.normalize("NFKC", chr(code))
        if len(plain) == 1 and plain != chr(code):
            marks[chr(code)] = simplified_characters().get(plain, plain)
    return marks


def simplify(text: str) -> str:
    """Return ``text`` as the tokenizer sees it, apart from case and rare characters."""
    return text.translate(_translation())


def character_map(known: AbstractSet[str]) -> dict[str, str]:
    """Return the whole map; ideographs that do not end in ``known`` go to the placeholder."""
    forms = dict(simplified_characters())
    rules = dict(plain_marks())
    for code in IDEOGRAPHS:
        form = forms.get(chr(code), chr(code))
        rules[chr(code)] = form if form in known else PLACEHOLDER
    return {source: target for source, target in rules.items() if source != target}


def precompile(rules: Mapping[str, str]) -> bytes:
    """Return ``rules`` as the double-array trie that tokenizers' ``Precompiled`` reads."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2 as messages

    lines = [
        f"{' '.join(f'{ord(c):X}' for c in source)}\t{' '.join(f'{ord(c):X}' for c in target)}"
        for source, target in sorted(rules.items())
    ]
    with TemporaryDirectory() as scratch:
        table = Path(scratch) / "rules.tsv"
        table.write_text("\n".join(lines) + "\n", encoding="utf-8")
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(["a b c d"]),
            model_writer=model,
            model_type="char",
            vocab_size=8,
            hard_vocab_limit=False,
            normalization_rule_tsv=str(table),
            minloglevel=2,
        )
    proto: Any = messages.ModelProto.FromString(model.getvalue())  # type: ignore[attr-defined]
    return bytes(proto.normalizer_spec.precompiled_charsmap)


@functools.cache
def _translation() -> dict[int, str]:
    return str.maketrans({**plain_marks(), **simplified_characters()})

"""Chinese names in Latin letters: a known surname with one to three syllables, Chan Tai Man.

The syllables are those of Mandarin in pinyin and Wade-Giles and of Cantonese as Hong Kong writes it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from triage.personal.lexicon import lexicon

_PINYIN = (
    r"(?:(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?(?:iang|iong|uang|ang|eng|ing|ong|iao|ian|uai|uan|ai|ei|ao|ou|an|en|in|un"
    r"|ia|ie|iu|ua|uo|ui|ue|er|a|o|e|i|u|v)|hs[a-z]{1,4}|ts[a-z]{1,4}|tz[a-z]{1,3}|sz[a-z]{1,2})"
)
_CANTONESE = (
    r"(?:(?:kw|gw|ng|ch|ts|sh|[bpmfdtlgkhwyjsn])?(?:aa?|ai|aau|au|am|an|ang|ap|at|ak|ay|e|ei|eng|ek|eung|eun|i|iu|im|in|ing|ip|it|ik|o"
    r"|oi|ou|on|ong|ot|ok|oo|u|ui|un|ung|ut|uk|ue|uen|uet|ee|een|eet|ew|ow|or|ha|ar|um|ah|eong|eet|oon|ook|ung|ian|iew|ean|uat|oh)|ng|mui)"
)
_SYLLABLES = re.compile(rf"(?:{_PINYIN}){{1,2}}|{_CANTONESE}")
_WORD = r"[A-Z](?:[a-z]{1,11}|[A-Z]{1,11})"
_NAME = re.compile(
    rf"(?<![A-Za-z0-9_@#/.'-]){_WORD}(?:(?:, ?| |-){_WORD}(?![A-Za-z0-9_'@])){{1,3}}(?![A-Za-z0-9_@]|[-/.][A-Za-z0-9])"
)
_NO_NAMES = ("hong kong", "tai chi", "sim", "ping pong", "king kong", "hang seng", "xiao mi")


def romanised_names(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of romanised Chinese names, with the surname first or last."""
    for match in _NAME.finditer(text):
        parts = re.split(r", ?| |-", match[0].lower())
        if _is_name(tuple(parts)) and not match[0].lower().startswith(_NO_NAMES):
            yield match.span()


def is_romanised(parts: Sequence[str]) -> bool:
    """Tell whether words in small letters are a romanised Chinese name."""
    return _is_name(tuple(parts))


@functools.lru_cache(maxsize=512)
def _is_name(parts: tuple[str, ...]) -> bool:
    surnames, not_names = lexicon().romanised, lexicon().not_names
    first, last = parts[0] in surnames, parts[-1] in surnames
    if not (first or last) or not_names.intersection(parts):
        return False
    rest = parts[1:] if first else parts[:-1]
    if not all(_SYLLABLES.fullmatch(part) for part in rest):
        return False
    return len(lexicon().syllables_too.intersection(parts)) < min(len(parts), 2)

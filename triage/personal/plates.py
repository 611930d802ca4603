"""Number plates of vehicles: of the mainland, Britain and India by shape, others behind a word.

The text is in its folded form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from triage.personal.finding import Finding

_MAINLAND = re.compile(
    "[京津沪滬冀豫云雲辽遼黑湘皖鲁魯新苏蘇浙赣贛鄂桂甘晋晉蒙陕陝吉闽閩贵貴粤粵川青藏琼瓊宁寧渝港澳使]"
    r" ?[A-HJ-Z] ?[\u00b7.・-]? ?(?=[A-Z ]{0,6}\d)[A-HJ-NP-Z0-9](?:[ \u00b7.-]?[A-HJ-NP-Z0-9]){3,4}[ \u00b7.-]?[A-HJ-NP-Z0-9港澳学學警挂]"
    r"(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_BRITISH = re.compile(r"(?<!\w)[A-Z]{2}\d{2} [A-Z]{3}(?!\w)", re.ASCII)
_STATES = "A[NPRS]|BR|C[GH]|D[DLN]|G[AJ]|H[PR]|J[HK]|K[AL]|L[AD]|M[HLNPZ]|NL|O[DR]|P[BY]|RJ|SK|T[NRS]|U[KP]|WB"
_INDIAN = re.compile(
    rf"(?<!\w)(?:{_STATES})[ -]?\d{{1,2}}[A-Z]?[ -]?[A-Z]{{1,3}}[ -]?\d{{4}}(?!\w)", re.ASCII
)
_SHAPES = (  # of other places, told by a word near them
    r"[A-Z]{3} ?\d{1,4} ?[A-Z]|[A-Z]{2}\d{2} ?[A-Z]{3}|[A-Z]\d{1,3} ?[A-Z]{3}"  # Singapore, Britain
    r"|[A-Z]{3}[- ]?\d{3,4}|\d{4}[- ]?[A-Z]{2}|\d{3,4}[- ][A-Z]{2,3}|[A-Z]\d[- ]\d{4}|[A-Z]{2}[- ]?\d{3,4}"  # Taiwan, Hong Kong
    r"|\d[A-Z]{3}[- ]?\d{2,3}|\d[A-Z]{2}[- ]?\d[A-Z]{2}|[A-Z]{3}[- ]?\d{2}[A-Z]"  # America, Australia
)
_OTHER = re.compile(rf"(?<![A-Za-z0-9])(?:{_SHAPES})(?![A-Za-z0-9]|[-.]\d)", re.ASCII)
_NAMED = re.compile(
    rf"(?<![A-Za-z0-9])(?:[A-Z]{{2}} (?=[A-Z0-9-]*\d))?(?:(?i:(?:{_STATES})[ -]?\d{{1,2}}[A-Z]?[ -]?[A-Z]{{1,3}}[ -]?\d{{4}}|{_SHAPES}|(?=[A-Z]{{0,6}}\d)(?=\d{{0,6}}[A-Z])[A-Z0-9]{{4,8}})"
    r"|[A-Z]{1,4}[- ]\d{1,4}[A-Z]{0,2}|\d{1,4}[- ][A-Z]{1,4})(?![A-Za-z0-9]|[-.]\d)",
    re.ASCII,
)
_SURE = re.compile(
    r"[车車][牌号號]|[港澳]牌|plate|\brego?\b|registration|licen[cs]e", re.IGNORECASE
)
_GOODS = re.compile(
    r"charger|holder|seat|mount|phone|toy|model|cover|mat|vacuum|part|吸尘|吸塵|支架|充电|玩具|模型|配件|垫",
    re.IGNORECASE,
)
_AFTER = re.compile(
    rf"(?<![A-Za-z0-9])(?P<plate>{_SHAPES}) ?(?:(?:is|was) (?:my|the|his|her) (?:\w+ )?(?:plate|reg)"
    r"|(?:这|這|那|呢)?(?:个|個|台|輛|辆|部|架)?(?:是|係)?(?:我的?|佢)?(?:车牌|車牌|車號|车号))",
    re.ASCII,
)


def find_plates(text: str) -> Iterator[Finding]:
    """Yield plates that are told by their shape, or by a word right behind them."""
    for pattern, certainty in ((_MAINLAND, 77), (_BRITISH, 77), (_INDIAN, 73)):
        for match in pattern.finditer(text):
            yield _plate(text, *match.span(), certainty)
    if "牌" in text or "plate" in text or "reg" in text or "號" in text or "车号" in text:
        for match in _AFTER.finditer(text):
            yield _plate(text, *match.span("plate"), 66)


def plates_behind(text: str, cue: re.Match[str], limit: int) -> Iterator[Finding]:
    """Yield the first plate behind a word for one; a mere car needs a plate of a known shape."""
    sure = _SURE.search(cue[0]) is not None
    pattern = _NAMED if sure else _OTHER
    for match in pattern.finditer(text, cue.end(), limit + 12):
        if match.start() > limit:
            return
        if not (any(c.isdigit() for c in match[0]) and any(c.isalpha() for c in match[0])):
            continue
        if not sure and _GOODS.search(text, cue.end(), match.start()):
            return
        yield _plate(text, *match.span(), 66 if sure else 52)
        return


def _plate(text: str, start: int, end: int, certainty: int) -> Finding:
    return Finding(
        "plate", start, end, re.sub(r"[\s\u00b7.・-]", "", text[start:end]).upper(), certainty
    )

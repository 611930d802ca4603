"""Passwords, codes from text messages and the like: behind or before a word for one.

The text is in its folded form. Codes of goods, coupons and errors are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from triage.personal.finding import Finding
from triage.personal.lexicon import lexicon

_TOKEN = re.compile(
    r"(?<!\d)\d{2,4}(?:[ -]\d{2,4}){1,3}(?![\w-])|(?<!\d)\d(?: \d){3,7}(?!\w)|[!#-&*+\-./0-9:=?@A-Z_a-z~^]{3,64}"
)
_SPACED = re.compile(r"\d{2,4}(?:[ -]\d{2,4}){1,3}|\d(?: \d){3,7}")
_STRANGE = re.compile(r"(?=.{0,62}\d)[^\s]{4,}|(?=.{0,62}[!#$%&*@^_~+=])(?=.{0,62}[A-Za-z])\S{4,}")
_SAID = re.compile(
    r"(?:[:=是为為係叫\"“「]|成|\b(?:is|was|(?:set|reset|chang\w+|updat\w+) (?:it )?to))\s?[\"'“「]?\Z"
)
_AT_HAND = re.compile(r"(?:[\s:#号碼码数字是为的我]|now|no\.?|number|for it){0,6}")
_QUOTED = re.compile(r"(?<![A-Za-z])[\"'“「]([^\"'”」\s]{3,40})[\"'”」](?![a-z])")
_NO_SECRET = re.compile(
    r"[a-z]+(?:ed|ing)|\d+(?:s|th|st|nd|rd|x|min|hrs?)|[\d.:]+(?:am|pm)|\w{1,20}\+", re.IGNORECASE
)
_CODE = re.compile(r"(?:[A-Z]-)?\d{4,8}(?![\w.-])|\d{2,4}[ -]\d{2,4}(?![\w-])|\d(?: \d){3,7}(?!\w)")
_CODE_TALK = re.compile(
    r"text|sms|sent|send|receiv|got|log.?in|verif|otp|2fa|request|enter|expire|sign|短信|登录|登入|收到|账号|gate|door"
    r"|buzz|lock|entry|entrance|access|lobby|key|alarm|building",
    re.IGNORECASE,
)
_WORD = r"(?<![\w@.#/-])(?P<value>(?=[^\s]{0,62}\d)(?=[^\s]{0,62}[A-Za-z])[\w!#$%&*@^~+=?-]{5,40}?"
_BEFORE = re.compile(
    rf"(?:{_WORD}|(?<![\w@.#/-])(?P<digits>\d{{4,8}}|\d{{3}} \d{{3}}))"
    r"[\"'”」]?,? ?(?:(?:这个|這個|就)?(?:是|係)(?:我的?|你们发的|收到的|短信|手机|登录|登入|支付|wifi ?|的){0,3}(?:验证码|驗證碼|密码|密碼|口令|码(?![一-龥]))"
    r"|(?:is|was|as) (?:the|my|our|your|his|her)? ?(?:\w{2,12} )?(?:password|passcode|pin|pwd|code|otp)\b"
    r"|,? ?(?:说|提示|显示|顯示)(?:密码|密碼|验证码|驗證碼)))",
    re.IGNORECASE | re.ASCII,
)
_FORWARD = re.compile(
    r"\b(?:pin|password|passcode|pwd|(?:entry|gate|door|access) code|code (?:from|in|on|via|by|you))\b[^.\n,;:\d]{1,30}? is:? [\"“]?(?P<value>\d{3} \d{3}|\d{3,8}|(?=[^\s]{0,30}\d)[^\s\"”]{4,40})",
    re.IGNORECASE,
)
_LOUD = re.compile(
    r"(?<![\w@.#/&?=-])(?=[^\s]{0,38}\d)(?=[^\s]{0,38}[A-Za-z])[A-Za-z0-9]{2,24}[!@#$%^&*_][A-Za-z0-9!@#$%^&*_]{1,24}"
    r"(?![\w.-]*\.[a-z])"
)
_SECRET_TALK = re.compile(
    r"密码|密碼|验证码|驗證碼|口令|登录|登陆|登入|pass?w[a-z]{2,4}|passcode|log.?in|sign in|otp|\bpin\b|code",
    re.IGNORECASE,
)
_CLAUSE = re.compile("[,.。;!?\\n]")
_LONG = 10  # characters beyond which what another clause holds is an order's
_REACH = 16


def secrets_behind(text: str, cue: re.Match[str], limit: int) -> Iterator[Finding]:
    """Yield the first value behind a word such as password that looks like one or is said to be."""
    if "淘口令" in text[max(0, cue.start() - 1) : cue.end()]:
        return
    if cue[0].lower() in ("code", "codes"):
        yield from _codes(text, cue, limit)
        return
    quoted = _QUOTED.search(text, cue.end(), min(limit, cue.end() + _REACH) + 40)
    if quoted and quoted.start() <= cue.end() + _REACH and _wordy(quoted[1]):
        yield Finding("secret", *quoted.span(1), quoted[1], 77)
        return
    for match in _TOKEN.finditer(text, cue.end(), limit + 64):
        if match.start() > limit:
            return
        start, end = _trimmed(text, match)
        word, between = text[start:end], text[cue.end() : start]
        if word.startswith("@") or (start > cue.end() and _in_word(text, start)):
            continue
        said = _SAID.search(between) is not None
        if not said and len(word) > _LONG and _CLAUSE.search(between):
            continue
        if _is_secret(word, said=said, between=between):
            yield Finding("secret", start, end, word, 77)
            return


def _is_secret(word: str, *, said: bool, between: str) -> bool:
    if _NO_SECRET.fullmatch(word):
        return False
    if _STRANGE.fullmatch(word) and not word.isdigit() and any(c.isalnum() for c in word):
        return any(c.isdigit() for c in word) or word[-1] not in "!?"
    if _SPACED.fullmatch(word):
        return True
    if word.isdigit():
        return len(word) > 2 and (
            said or (len(word) > 3 and len(between) < 28) or _AT_HAND.fullmatch(between) is not None
        )
    return said and len(word) > 2 and len(between) < 20 and _wordy(word)


def _wordy(word: str) -> bool:
    return word.isascii() and word.isalnum() and word.lower() not in lexicon().not_handles


def _codes(text: str, cue: re.Match[str], limit: int) -> Iterator[Finding]:
    """Yield what stands behind a mere "code": six digits, or others where login is the talk."""
    match = _CODE.search(text, cue.end(), limit + 10)
    if match is None or match.start() > limit or _in_word(text, match.start()):
        return
    digits = sum(c.isdigit() for c in match[0])
    if digits == 6 or _CODE_TALK.search(text, max(0, cue.start() - 80), cue.start() + 80):
        yield Finding("secret", *match.span(), match[0], 77)


def find_secrets(text: str) -> Iterator[Finding]:
    """Yield secrets before the word for one, and loud ones where logging in is the talk."""
    for match in _BEFORE.finditer(text):
        group = "digits" if match["digits"] else "value"
        yield Finding("secret", *match.span(group), match[group], 66)
    for match in _FORWARD.finditer(text):
        yield Finding("secret", *match.span("value"), match["value"], 66)
    for match in _LOUD.finditer(text):
        yield Finding("secret", *match.span(), match[0], 50)


def talks_of_secrets(text: str) -> bool:
    """Tell whether passwords or logging in are talked of at all."""
    return _SECRET_TALK.search(text) is not None


def _trimmed(text: str, match: re.Match[str]) -> tuple[int, int]:
    start, end = match.span()
    while start < end - 1 and text[start] in ":=./-?":
        start += 1
    word = text[start:end]
    return start, start + len(word.rstrip(" .-:?,!" if "!" not in word[:-1] else " .-:?,"))


def _in_word(text: str, start: int) -> bool:
    before = text[start - 1] if start else " "
    return before.isascii() and before.isalnum()

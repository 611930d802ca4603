"""What the log keeps of a customer's words: redacted, in full, or none of them.

A repeated delivery brings its words along, so what was hidden of a stored result is taken from the
result of the delivery that asks again.
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal, TypeGuard, get_args

import orjson

from triage.decisions.decision import Answered
from triage.domain import Message
from triage.errors import ConfigError
from triage.privacy import Redactor
from triage.text import to_simplified, to_traditional

Keeping = Literal["redacted", "full", "none"]
_SHORTEST = 2  # characters of a detail that is looked for in replies; one would match anywhere
_TALK = "message"
_BYTES = 16


class Discretion:
    """Reduces messages and results to what may be kept.

    A redacted text is looked through once. Replies and evidence hold nothing personal but what the
    message, the customer's name and the given fields hold, so there the details that were found
    in these are replaced: a sixth of the time that looking through every reply takes.

    Args:
        keeping: ``redacted``, ``full`` or ``none``.
        key: of the hashes; whoever has the log alone cannot try out numbers against them.
    """

    def __init__(self, keeping: Keeping, *, key: bytes) -> None:
        if keeping not in get_args(Keeping):
            known = ", ".join(get_args(Keeping))
            raise ConfigError(f"setting decisions_text is {keeping!r}; use one of {known}")
        self._keeping = keeping
        self._key = hashlib.blake2b(key).digest()
        self._redactor = Redactor() if keeping == "redacted" else None

    def content_hash(self, message: Message) -> str:
        """Return a keyed BLAKE2b hash (RFC 7693) of everything in a message but its id."""
        content = {**asdict(message), "id": None}
        return self.digest(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))

    def digest(self, content: bytes) -> str:
        """Return a keyed hash in 32 hexadecimal digits."""
        return hashlib.blake2b(content, key=self._key, digest_size=_BYTES).hexdigest()

    def kept(self, answered: Answered) -> tuple[str | None, dict[str, Any]]:
        """Return the text and the result as they may be kept."""
        result = orjson.loads(orjson.dumps(answered.result))  # as the database will give it back
        subject, text = _read_text(answered)
        whole = f"{subject}{text}".replace("\0", "")  # PostgreSQL takes no NUL
        if self._keeping == "full":
            return whole, result
        if self._redactor is None:
            return None, _without_words(result)
        return self._redacted(answered, self._redactor, result)

    def sent(self, text: str) -> str | None:
        """Return the text that an agent sent as it may be kept."""
        text = text.replace("\0", "")
        if self._keeping == "none":
            return None
        return text if self._redactor is None else self._redactor.redact(text).text

    def _redacted(
        self, answered: Answered, redactor: Redactor, result: dict[str, Any]
    ) -> tuple[str, dict[str, Any]]:
        message, (subject, text) = answered.message, _read_text(answered)
        talk = f"{_TALK} {id(answered)}"  # tokens are shared by what belongs to one message only
        whole = redactor.redact(f"{subject}{text}", talk)
        known = {f"{subject}{text}"[s.start : s.end]: s.token for s in whole.spans}
        known |= {value: redactor.redact(value, talk).text for value in message.fields.values()}
        if message.customer and (name := message.customer.name):
            token = redactor.redact(name, talk, whole="person").text
            known |= dict.fromkeys([name, *name.split()], token)
        redactor.forget(talk)
        shift = len(subject)
        places = [(s.start - shift, s.end - shift, s.token) for s in whole.spans]
        return whole.text.replace("\0", ""), _hidden(result, places, known)


def restored(stored: Any, *, kept: Any, fresh: Any) -> Any:
    """Return a stored result with the details that its keeping hid.

    Args:
        stored: what the log holds.
        kept: what it would hold of ``fresh``.
        fresh: a result of the same content.
    """
    if stored == kept:
        return fresh
    if isinstance(stored, dict) and isinstance(kept, dict):
        both = kept.keys() & fresh.keys()
        return {
            name: restored(value, kept=kept[name], fresh=fresh[name]) if name in both else value
            for name, value in stored.items()
        }
    if _alike(stored, kept):
        triples = zip(stored, kept, fresh, strict=True)
        return [restored(value, kept=like, fresh=new) for value, like, new in triples]
    return stored


def _alike(stored: Any, kept: Any) -> TypeGuard[list[Any]]:
    return isinstance(stored, list) and isinstance(kept, list) and len(stored) == len(kept)


def _read_text(answered: Answered) -> tuple[str, str]:
    """Return the subject with its line break, and the text that offsets point into."""
    message = answered.message
    text = answered.result.get("understood_text") or message.text
    return (f"{message.subject}\n" if message.subject else ""), text


Place = tuple[int, int, str]


def _hidden(
    result: Mapping[str, Any], places: Sequence[Place], known: Mapping[str, str]
) -> dict[str, Any]:
    """Return a result with tokens in place of personal details.

    Args:
        places: start, end and token of each detail in the text.
        known: words to replace in replies, with what is to stand for them.
    """

    def tokens(found: Mapping[str, Any]) -> str:
        start, end = found["start"], found["end"]
        if start is None:
            return ""
        return " ".join(token for first, last, token in places if first < end and start < last)

    parts, variants = [], dict(known)
    for info in result["key_info"]:
        token = tokens(info)
        parts.append({**info, "text": token, "value": token} if token else info)
        variants |= {info["value"]: token} if token else {}
    for words, token in known.items():  # a reply may be in the other script, or HTML
        for written in (to_simplified(words), to_traditional(words), html.escape(words)):
            variants.setdefault(written, token)
    longest = sorted(
        ((w, t) for w, t in variants.items() if len(w) >= _SHORTEST and w != t),
        key=lambda pair: -len(pair[0]),
    )

    def plain(text: str | None) -> str | None:
        for words, token in longest if text else ():
            text = str(text).replace(words, token)
        return text

    def evidence(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{**e, "evidence": tokens(e) or plain(e["evidence"])} for e in entries]

    return _with_words(
        result,
        understood=plain(result["understood_text"]),
        reasons=evidence(result["priority"]["reasons"]),
        cues=evidence(result["sentiment"]["cues"]),
        key_info=parts,
        replies=[plain(s["reply"]) for s in result["suggestions"]],
    )


def _without_words(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result without anything that a customer wrote or that was filled in."""

    def silent(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{**entry, "evidence": ""} for entry in entries]

    return _with_words(
        result,
        understood=None,
        reasons=silent(result["priority"]["reasons"]),
        cues=silent(result["sentiment"]["cues"]),
        key_info=[{**info, "text": "", "value": ""} for info in result["key_info"]],
        replies=["" for _ in result["suggestions"]],
    )


def _with_words(result: Mapping[str, Any], **words: Any) -> dict[str, Any]:
    """Return a result with other words in every place that holds words of a customer."""
    paired = zip(result["suggestions"], words["replies"], strict=True)
    return {
        **result,
        "understood_text": words["understood"],
        "priority": {**result["priority"], "reasons": words["reasons"]},
        "sentiment": {**result["sentiment"], "cues": words["cues"]},
        "key_info": words["key_info"],
        "suggestions": [{**suggestion, "reply": reply} for suggestion, reply in paired],
    }

"""What a customer asks in a conversation: the last burst of turns as one text, and how often asked.

The text that is understood is made here; its key information points into it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from triage.boilerplate import is_boilerplate
from triage.domain import Message, Role, Turn
from triage.errors import MessageError
from triage.marks import DIGITS, ID, words_of
from triage.resource import read_resource
from triage.text import Language, clean, read, to_simplified

EARLIER_CHARS = 2_000  # of the turns before the last one; the last is always whole
BURST_TURNS = 12
SUBJECT_TURNS = 4  # before a burst of fragments, in which its subject is looked for
ASKED_AGAIN = timedelta(hours=1)  # without an answer, from which on a further turn is another try

_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|[^\W\d_a-z]")
_ID_WITH_DASHES = re.compile(r"\b(?=[\w-]{0,40}\d)\w{1,12}(?:-\w{1,12}){1,4}\b")
_FRAGMENT_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be understood.

    Attributes:
        text: the merged turns, one a line; equal to the message's text where nothing was merged.
        contacts: how often the customer had asked before, answered or not.
        at: when the last turn was written, where that is known.
    """

    text: str
    contacts: int
    at: datetime | None


def request_of(message: Message) -> Request:
    """Merge the customer's last burst of turns and the message's own text into one request.

    A burst is what the customer wrote since an agent or a bot answered; greetings of a bot, events
    and automatic replies are no answers. A burst that says not what about ("在吗", an order number)
    takes its subject from the customer's turns before it; these then are part of the request and
    no earlier contact. Earlier contacts are earlier bursts with a subject, and turns that repeat an
    unanswered one word for word or an hour later.
    """
    bursts = _bursts(_spoken(message))
    if not bursts:
        return Request(message.text, 0, message.created_at)
    *earlier, current = bursts
    subject: list[Turn] = []
    if all(is_fragment(turn.text) for turn in current):
        while earlier and not any(not is_fragment(turn.text) for turn in subject):
            subject = [*earlier.pop(), *subject]
            if len(subject) >= SUBJECT_TURNS:
                break
    asked = [*subject[-SUBJECT_TURNS:], *current[-BURST_TURNS:]]
    contacts = sum(_asked(burst) for burst in earlier) + max(0, _asked(current) - 1)
    return Request(_merged(asked), contacts, current[-1].at)


def merged(message: Message) -> Message:
    """Return the message with its request as its text, dated by its last turn, contacts counted."""
    if not message.turns:
        return message
    request = request_of(message)
    return replace(
        message,
        text=request.text,
        created_at=message.created_at or request.at,
        contacts=message.contacts + request.contacts,
    )


def whole_text(subject: str | None, text: str) -> str:
    """Return what is understood of a message: its subject, where it has one, before its text."""
    return f"{subject}\n{text}" if subject else text


def read_message(message: Message, *, own: str) -> tuple[str, Language]:
    """Return the normalised whole text of a message and its language.

    Args:
        own: ``own_words(message.text)``; it need not be found twice where there is no subject.
    """
    whole = whole_text(message.subject, message.text)
    return read(whole, own=own if whole == message.text else None)


def refuse_overlong(message: Message, *, limit: int) -> None:
    """Check the characters of the text and of each turn.

    Raises:
        MessageError: one has more than ``limit``; the field is named.
    """
    fields = [("text", message.text)]
    fields += [(f"turns.{i}.text", turn.text) for i, turn in enumerate(message.turns)]
    for field, text in fields:
        if len(text) > limit:
            raise MessageError(
                field,
                f"has {len(text)} characters, the limit is {limit}",
                remedy="shorten it, or raise max_text_chars",
            )


def is_fragment(text: str) -> bool:
    """Tell whether a turn says nothing of the matter: a greeting, an assent, an id, a picture."""
    words = _ID_WITH_DASHES.sub(" ", ID.sub(" ", words_of(clean(text))))
    tokens = _TOKEN.findall(to_simplified(DIGITS.sub(" ", words)).lower().replace("’", "'"))
    if len(tokens) > _FRAGMENT_TOKENS:
        return False
    # Which beginnings of the turn are made of known phrases: the turn is, when its whole is.
    reached = {0}
    phrases, longest = _phrases()
    for start in range(len(tokens)):
        if start in reached:
            ends = range(start + 1, min(start + longest, len(tokens)) + 1)
            reached.update(end for end in ends if tuple(tokens[start:end]) in phrases)
    return len(tokens) in reached


def _spoken(message: Message) -> list[Turn]:
    """Return the turns that count, the message's own text last and once."""
    turns = [turn for turn in message.turns if _counts(turn)]
    if message.text.strip():
        own = Turn(Role.CUSTOMER, message.text, message.created_at)
        if turns and turns[-1].role is Role.CUSTOMER and _same(turns[-1], own):
            turns.pop()  # an export whose history holds the message too
        turns.append(own)
    return turns


def _counts(turn: Turn) -> bool:
    if turn.role is Role.SYSTEM or not turn.text.strip():
        return False
    return turn.role is Role.CUSTOMER or not is_boilerplate(turn.text)


def _bursts(turns: Sequence[Turn]) -> list[list[Turn]]:
    bursts: list[list[Turn]] = []
    answered = True
    for turn in turns:
        if turn.role is not Role.CUSTOMER:
            answered = True
            continue
        if answered:
            bursts.append([])
        bursts[-1].append(turn)
        answered = False
    return bursts


def _asked(burst: Sequence[Turn]) -> int:
    """Return how often a burst asks for something: once, and once more for each further try."""
    asking = [turn for turn in burst if not is_fragment(turn.text)]
    if not asking:
        return 0
    seen: list[Turn] = []
    tries = 1
    last = asking[0]
    for turn in burst[burst.index(asking[0]) :]:
        repeated = any(_same(turn, other) for other in seen) and not is_fragment(turn.text)
        if repeated or _much_later(last, turn):
            tries += 1
        seen.append(turn)
        last = turn
    return tries


def _much_later(earlier: Turn, later: Turn) -> bool:
    if earlier.at is None or later.at is None:
        return False
    if (earlier.at.tzinfo is None) != (later.at.tzinfo is None):
        return False  # one in local time, one in a zone: no telling
    return later.at - earlier.at >= ASKED_AGAIN


def _merged(turns: Sequence[Turn]) -> str:
    """Return the texts one a line, each once, the latest within the limit of characters."""
    texts = [turns[-1].text]
    known = {turns[-1].text.strip()}
    room = EARLIER_CHARS
    for turn in reversed(turns[:-1]):
        room -= len(turn.text)
        if room < 0:
            break
        if turn.text.strip() not in known:
            known.add(turn.text.strip())
            texts.append(turn.text)
    return "\n".join(reversed(texts))


def _same(one: Turn, other: Turn) -> bool:
    return one.text.strip() == other.text.strip()


@functools.cache
def _phrases() -> tuple[frozenset[tuple[str, ...]], int]:
    table = read_resource("conversation")["fragments"]
    phrases = frozenset(tuple(_TOKEN.findall(p)) for p in (*table["phrases"], *table["cues"]))
    return phrases, max(map(len, phrases))

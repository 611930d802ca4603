"""Slots of a reply: their values from what is known, and their filling for a channel.

A slot whose value nobody gave stays in the reply as ``{name}``; nothing is invented.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum

from triage.domain import KeyInfo, Message
from triage.resource import read_resource
from triage.slot_names import plain_name, slot_of

# What a customer states about their own case. Amounts and dates are not among them: repeating a
# claimed sum in a reply would read as a promise, so those slots take only the helpdesk's facts.
_FROM_KEY_INFO = frozenset({"order_id", "tracking_no", "phone", "email"})
_SLOT = re.compile(r"\{(\w+)\}")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_SPACES = re.compile(r"\s+")
_BREAK = re.compile(r"\r\n?|\n")
NAME = "customer_name"


class ReplyFormat(StrEnum):
    """How the text of a reply is to be read by the channel that shows it."""

    PLAIN = "plain"
    HTML = "html"


def format_of(channel: str | None) -> ReplyFormat:
    """Return ``html`` for the channels that ``resources/channels.toml`` lists, else ``plain``."""
    if channel is None:
        return ReplyFormat.PLAIN
    listed = map(plain_name, read_resource("channels")["html"])
    return ReplyFormat.HTML if plain_name(channel) in listed else ReplyFormat.PLAIN


def slot_values(
    message: Message, key_info: Sequence[KeyInfo], *, shop: Mapping[str, str]
) -> dict[str, str]:
    """Return the values that may fill slots: the shop's, then the message's, then the caller's.

    Names are ours whatever the caller calls them: ``order_no`` and ``订单号`` give ``order_id``.
    """
    values = _by_our_names(shop)
    for info in reversed(key_info):
        if info.type in _FROM_KEY_INFO:
            values[info.type] = info.text
    if message.customer is not None and message.customer.name:
        values[NAME] = message.customer.name
    values.update(_by_our_names(message.fields))
    return {name: shown for name, value in values.items() if (shown := printable(value))}


def printable(value: str) -> str:
    """Return a value on one line, without control, format and private characters."""
    kept = (" " if c.isspace() else c for c in value if c.isspace() or not _invisible(c))
    return _SPACES.sub(" ", "".join(kept)).strip()


def fill(
    reply: str, values: Mapping[str, str], *, form: ReplyFormat = ReplyFormat.PLAIN
) -> tuple[str, tuple[str, ...]]:
    """Fill the slots of ``reply``; returns the text and the names that stay open, each once.

    Every slot is filled once, so braces in a value are text. For HTML the reply and each value are
    escaped and a new line is ``<br>``.
    """
    missing: dict[str, None] = {}

    def value(match: re.Match[str]) -> str:
        if filled := values.get(match[1]) or values.get(slot_of(match[1])):
            return _escaped(filled, form)
        missing.setdefault(match[1])
        return match[0]

    # Braces and the names between them are the same in HTML.
    return _SLOT.sub(value, _escaped(reply, form)), tuple(missing)


def open_slots(reply: str) -> tuple[str, ...]:
    """Return the names of the slots of a reply, each once, in the order of their appearance."""
    return fill(reply, {})[1]


def _by_our_names(given: Mapping[str, str]) -> dict[str, str]:
    """Return values by our names; a value that came by our own name wins over an alias."""
    aliases = {slot_of(name): value for name, value in given.items()}
    return aliases | {name: value for name, value in given.items() if slot_of(name) == name}


def _invisible(character: str) -> bool:
    return unicodedata.category(character) in _INVISIBLE


def _escaped(text: str, form: ReplyFormat) -> str:
    if form is ReplyFormat.PLAIN:
        return text
    return _BREAK.sub("<br>\n", html.escape(text))

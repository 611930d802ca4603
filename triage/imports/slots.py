"""Slots of other systems as ours: ``{{Order Number}}``, ``${name}``, ``%name%`` to ``{order_id}``.

The names stand in ``resources/slots.toml``. Filling is the business of ``triage.suggestion``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from triage.slot_names import plain_name, slot_names

_SLOT = re.compile(
    r"\{\{\s*([^{}\n]{1,120}?)\s*\}\}"  # Zendesk, Liquid, Handlebars, Bitext
    r"|\$\{\s*([^{}\n]{1,120}?)\s*\}"
    r"|(?<![\d%])%([A-Za-z_]\w{0,60})%"
    r"|(?<![{$])\{([\w .-]{1,60})\}(?!\})"
)
_SPACES = re.compile(r"[^\S\n]{2,}")
_BEFORE_MARK = re.compile(r"[^\S\n]+([,.?!，。？！])")


class SlotMap:
    """Rewrites slots; what it does not know stays visible and is counted.

    Attributes:
        open: slots that stayed as they were written, with their number.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        """Take plain names of other systems with the slot of ours that each means."""
        self._names = names
        self.open: Counter[str] = Counter()

    def mapped(self, text: str) -> str:
        """Return ``text`` with the slots that are known in our notation."""
        return _SLOT.sub(self._ours, text)

    def unknown_in(self, text: str) -> int:
        """Return how many slots of ``text`` would stay open, without counting them."""
        trial = SlotMap(self._names)
        trial.mapped(text)
        return trial.open.total()

    def _ours(self, match: re.Match[str]) -> str:
        name = next(part for part in match.groups() if part is not None)
        if ours := self._names.get(plain_name(name.partition("|")[0])):
            return f"{{{ours}}}"
        if match[4] is None or not re.fullmatch(r"\w+", name):
            self.open[match[0]] += 1
        return match[0]


def load_slots() -> SlotMap:
    """Return a map by the table that is shipped."""
    return SlotMap(slot_names())


def without_slots(text: str) -> str:
    """Return a question without its slots, since customers' messages hold none."""
    if not _SLOT.search(text):
        return text
    return _BEFORE_MARK.sub(r"\1", _SPACES.sub(" ", _SLOT.sub("", text))).strip()

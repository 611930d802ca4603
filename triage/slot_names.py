"""Names that other systems and shops give to slots, as ours; what fills a slot is left to others.

The names stand in ``resources/slots.toml``.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping

from triage.resource import read_resource

_APART = re.compile(r"[\s_-]+")


def plain_name(name: str) -> str:
    """Return a name without what makes no difference: case, width, spaces, ``_`` and ``-``."""
    return _APART.sub("", unicodedata.normalize("NFKC", name).casefold())


@functools.cache
def slot_names() -> Mapping[str, str]:
    """Return our slot for each plain name, our own names among them."""
    table: Mapping[str, list[str]] = read_resource("slots")["slots"]
    return {plain_name(name): ours for ours, names in table.items() for name in (ours, *names)}


def slot_of(name: str) -> str:
    """Return our slot that ``name`` means; ``name`` itself where the table has none."""
    return slot_names().get(plain_name(name), name)

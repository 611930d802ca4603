"""Key information in a message: ids, contacts, sums, dates, goods, people and places as exact spans.

Recognisers propose, each in a module of its own; here their proposals become spans. spaCy holds the
text, so that a span never cuts a number or a word, and Chinese needs no word segmenter. Where two
proposals overlap, the more certain type wins, then the longer one.

A span is the shortest text that names the thing, without the words that announce it and without
punctuation at its end: an order number with its #, a telephone number with its + and country code, a
sum with its sign or word of currency, a quantity with its measure word, a person with the title, an
address from its first part to its last, a date without preposition (see ``triage.temporal``). Marks
that stand for removed words, such as [姓名], hold nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from triage.domain import KeyInfo
from triage.extraction import (
    amounts,
    carriers,
    contacts,
    identifiers,
    persons,
    places,
    quantities,
)
from triage.extraction.catalogue import Catalogue, Product, read_catalogue
from triage.extraction.pipeline import blank_pipeline
from triage.extraction.reading import Found, Reading, Recogniser
from triage.temporal import dates_in, may_name_a_time

if TYPE_CHECKING:
    from spacy.tokens import Doc

__all__ = ["PERSONAL_RECOGNISERS", "STRENGTH", "KeyInfoExtractor", "Product", "read_catalogue"]

# Stronger first: a phone number inside a link is part of the link.
STRENGTH = (
    "url", "email", "product", "tracking_no", "item_id", "phone", "address", "order_id", "amount",
    "date", "person", "quantity",
)  # fmt: skip


def _dates(reading: Reading) -> Iterator[Found]:
    for start, end, value in dates_in(reading.low, reading.now, clues=reading.clues):
        yield Found("date", start, end, value)


RECOGNISERS = (
    contacts.LINKS,
    contacts.PHONES,
    carriers.TRACKING,
    identifiers.ORDERS,
    identifiers.ITEMS,
    amounts.AMOUNTS,
    quantities.QUANTITIES,
    persons.PERSONS,
    places.CHINESE_ADDRESSES,
    places.ENGLISH_ADDRESSES,
    Recogniser(frozenset(), _dates),
)
# What tells whom a message is from: sums, days and quantities tell nobody.
PERSONAL_RECOGNISERS = tuple(
    r for r in RECOGNISERS[:-1] if r not in (amounts.AMOUNTS, quantities.QUANTITIES)
)


class KeyInfoExtractor:
    """Finds key information; calls from several threads wait for one another.

    Args:
        products: the shop's catalogue; without one no product is found.
        recognisers: what is looked for besides, all there is or ``PERSONAL_RECOGNISERS``.
    """

    def __init__(
        self, products: Iterable[Product] = (), *, recognisers: Sequence[Recogniser] = RECOGNISERS
    ) -> None:
        self._recognisers = tuple(recognisers)
        self._nlp = blank_pipeline()
        self._catalogue = Catalogue(products, self._nlp) if products else None
        self._turn = threading.Lock()

    def extract(
        self,
        texts: Sequence[str],
        *,
        times: Sequence[datetime],
        scripts: Sequence[str | None] | None = None,
    ) -> list[tuple[KeyInfo, ...]]:
        """Return the key information of each text, in order of position, without overlaps.

        Args:
            texts: messages as written.
            times: when each was written; relative dates are resolved against it.
            scripts: ``Hant`` marks Traditional text, in which 元 names no certain currency.
        """
        known = scripts or [None] * len(texts)
        # spaCy's vocabulary would keep every number it ever saw; a memory zone forgets them.
        with self._turn, self._nlp.memory_zone():
            return [
                self._extract_one(Reading(text, now=now, script=script))
                for text, now, script in zip(texts, times, known, strict=True)
            ]

    @staticmethod
    def names_a_time(text: str) -> bool:
        """Tell whether words of ``text`` may name a time, so that what is found depends on now."""
        reading = Reading(text, now=datetime.min)  # noqa: DTZ901  # no time is read
        return may_name_a_time(reading.low, clues=reading.clues)

    def _extract_one(self, reading: Reading) -> tuple[KeyInfo, ...]:
        proposals = [found for recognise in self._recognisers for found in recognise(reading)]
        if not proposals and self._catalogue is None:
            return ()
        doc = self._nlp.make_doc(reading.text)
        if self._catalogue is not None:
            proposals.extend(self._catalogue.find(doc))
        return tuple(_key_info(reading, found) for found in _chosen(proposals, doc))


def _chosen(proposals: Sequence[Found], doc: Doc) -> list[Found]:
    """Return the proposals that survive, in order of position; none cuts a token or another."""
    taken = bytearray(len(doc))
    kept = []
    for found in sorted(proposals, key=_rank):
        span = doc.char_span(found.start, found.end)
        if span is not None and not any(taken[span.start : span.end]):
            taken[span.start : span.end] = b"\1" * len(span)
            kept.append(found)
    return sorted(kept, key=lambda f: f.start)


def _rank(found: Found) -> tuple[int, int, int]:
    return STRENGTH.index(found.type), found.start - found.end, found.start


def _key_info(reading: Reading, found: Found) -> KeyInfo:
    return KeyInfo(
        type=found.type,
        text=reading.text[found.start : found.end],
        value=found.value,
        start=found.start,
        end=found.end,
        carrier=found.carrier,
    )

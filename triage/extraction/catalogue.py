"""The shop's own products: read from a CSV file, found by their names and numbers."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from triage.errors import ConfigError
from triage.extraction.reading import Found

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.matcher import PhraseMatcher
    from spacy.tokens import Doc

NAME, SKU, ALIASES = "name", "sku", "aliases"
_SHORTEST = 2  # a name of one character is in every second message
_SEPARATOR = re.compile(r"[|;；]")


@dataclass(frozen=True, slots=True)
class Product:
    """One product of the shop and the other ways to call it."""

    name: str
    sku: str | None = None
    aliases: tuple[str, ...] = ()


def read_catalogue(path: Path) -> tuple[Product, ...]:
    """Read products from a CSV file with the columns ``name``, and maybe ``sku`` and ``aliases``.

    Several aliases stand in one field, separated by ``|`` or ``;``.

    Raises:
        ConfigError: the file cannot be read, lacks the column, or has a row without a name.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if NAME not in (rows.fieldnames or ()):
                raise ConfigError(
                    f"catalogue {path}: no column {NAME!r} among {rows.fieldnames}; "
                    f"give a header line such as {NAME},{SKU},{ALIASES}"
                )
            return tuple(_product(row, path, line=rows.line_num) for row in rows)
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise ConfigError(
            f"catalogue {path} cannot be read: {fault}; give a CSV file in UTF-8, "
            "or remove the setting catalogue"
        ) from fault


def _product(row: dict[str, str], path: Path, *, line: int) -> Product:
    name = (row[NAME] or "").strip()
    if len(name) < _SHORTEST:
        raise ConfigError(
            f"catalogue {path}, line {line}: the name {name!r} is too short to be found in a "
            f"message; give at least {_SHORTEST} characters"
        )
    aliases = (alias.strip() for alias in _SEPARATOR.split(row.get(ALIASES) or ""))
    sku = (row.get(SKU) or "").strip() or None
    return Product(name, sku, tuple(a for a in aliases if len(a) >= _SHORTEST))


class Catalogue:
    """Finds products in a document, whatever their case, width, script and single spaces."""

    def __init__(self, products: Iterable[Product], nlp: Language) -> None:
        from spacy.matcher import PhraseMatcher

        self._names: dict[int, str] = {}
        self._matcher: PhraseMatcher = PhraseMatcher(nlp.vocab, attr="NORM")
        for product in products:
            key = nlp.vocab.strings.add(product.name)
            self._names[key] = product.name
            called = [product.name, *product.aliases, *([product.sku] if product.sku else [])]
            self._matcher.add(product.name, [nlp.make_doc(name) for name in called])

    def find(self, doc: Doc) -> Iterator[Found]:
        """Yield the places of products, with their full names as values; matches may overlap."""
        for key, start, end in self._matcher(doc):
            span = doc[start:end]
            yield Found("product", span.start_char, span.end_char, self._names[key])

"""What an extractor finds in one text, in the short form that tests compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes import NOW

if TYPE_CHECKING:
    from triage.extraction import KeyInfoExtractor


def found(
    extractor: KeyInfoExtractor, text: str, script: str | None = None
) -> list[tuple[str, str, str]]:
    """Return type, words and value of everything found."""
    infos = extractor.extract([text], times=[NOW], scripts=[script])[0]
    return [(info.type, info.text, info.value) for info in infos]


def of_type(
    extractor: KeyInfoExtractor, kind: str, text: str, script: str | None = None
) -> list[tuple[str, str]]:
    """Return words and values of what is found of one type."""
    return [(words, value) for k, words, value in found(extractor, text, script) if k == kind]

"""Passages of long articles: pieces of bounded length that know the headings they stand under.

It cuts text; indexing passages and citing them is the business of others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt

MOST_CHARS = 800
_PARAGRAPHS = re.compile(r"\n[^\S\n]*\n")
_SENTENCES = re.compile(r"(?<=[。！？!?；;\n])|(?<=\.)(?=\s)")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage.

    Attributes:
        headings: those it stands under, the outermost first.
    """

    headings: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a text in Markdown; lines count from 0, ``end`` is the first behind it."""

    level: int
    title: str
    start: int
    end: int


def headings_of(text: str) -> list[Heading]:
    """Return the headings of a Markdown text in order; a ``#`` in a block of code is none."""
    tokens = MarkdownIt("commonmark").parse(text)
    return [
        Heading(int(token.tag[1]), " ".join(inline.content.split()), *token.map)
        for token, inline in pairwise(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]


def split_passages(text: str, *, most_chars: int = MOST_CHARS) -> list[Chunk]:
    """Cut a text at its headings, and a long section between paragraphs, then sentences.

    Paragraphs of a section are put together as long as they fit. No passage is longer than
    ``most_chars``, and all of them in order hold the whole text but for headings and spaces.
    """
    return [
        Chunk(path, piece)
        for path, section in _sections(text)
        for piece in _packed(_pieces(section, most_chars), most_chars)
    ]


def _sections(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    path: list[Heading] = []
    begin = 0
    for heading in headings_of(text):
        yield tuple(h.title for h in path), "\n".join(lines[begin : heading.start])
        path = [*(h for h in path if h.level < heading.level), heading]
        begin = heading.end
    yield tuple(h.title for h in path), "\n".join(lines[begin:])


def _pieces(section: str, most: int) -> Iterator[tuple[str, str]]:
    """Yield pieces of at most ``most`` characters, each with what joins it to the one before."""
    for paragraph in _PARAGRAPHS.split(section):
        if len(paragraph.strip()) <= most:
            yield "\n\n", paragraph.strip()
            continue
        joint = "\n\n"
        for sentence in _SENTENCES.split(paragraph.strip()):
            for start in range(0, len(sentence), most):
                yield joint, sentence[start : start + most]
                joint = ""


def _packed(pieces: Iterator[tuple[str, str]], most: int) -> Iterator[str]:
    held = ""
    for joint, piece in pieces:
        together = f"{held}{joint}{piece}" if held else piece
        if len(together) > most:
            yield from filter(None, [held.strip()])
            held = piece
        else:
            held = together
    yield from filter(None, [held.strip()])

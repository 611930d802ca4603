"""HTML of help centres as plain text: lists, headings, line breaks and links stay readable."""

from __future__ import annotations

import html
import re

from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag

_MARKUP = re.compile(
    r"</?(?:p|br|div|span|ul|ol|li|a|b|i|u|strong|em|h[1-6]|table|tr|t[dh]|img|pre|code|hr|font"
    r"|blockquote|center|section|article)\b[^<>]*>",
    re.IGNORECASE,
)
_DROPPED = frozenset({"script", "style", "head", "template", "iframe", "noscript", "svg"})
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LISTS = ("ul", "ol")
_GAPS = dict.fromkeys(("p", "table", "blockquote", "pre", "dl", *_HEADINGS), 2) | dict.fromkeys(
    ("div", "section", "article", "li", "tr", "dt", "dd", "figure", "hr", "header", "footer"), 1
)
_SPACE = re.compile(r"\s+")
_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
_BULLET = re.compile(r" *(?:-|\d+\.) ")
_LINE_END = re.compile(r"[^\S\n]+$", re.MULTILINE)
_GAP = re.compile(r"\n{3,}")


def is_html(text: str) -> bool:
    """Tell whether a text holds tags that HTML has."""
    return _MARKUP.search(text) is not None


def html_to_text(content: str) -> str:
    """Return the text of a piece of HTML.

    Headings begin with ``#`` as in Markdown, list items with ``-`` or their number, a link is
    followed by its address in brackets, cells of a table are divided by ``|``.
    """
    if "<" not in content:
        return html.unescape(content).strip()
    writer = _Writer()
    # A stack of our own: nesting may be deeper than Python's.
    stack: list[tuple[object, bool]] = [(BeautifulSoup(content, "html.parser"), False)]
    while stack:
        node, leaving = stack.pop()
        if isinstance(node, Tag):
            if leaving:
                writer.leave(node)
            elif node.name not in _DROPPED:
                writer.enter(node)
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(node.contents))
        elif type(node) is NavigableString:  # comments and the like are subclasses
            writer.add(str(node))
    return writer.text()


class _Writer:
    """Puts pieces together; knows the lists and links that are open."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._lists: list[int | None] = []  # the number of the last item, None for bullets
        self._links: list[int] = []
        self._verbatim = 0

    def text(self) -> str:
        return _GAP.sub("\n\n", _LINE_END.sub("", "".join(self._out))).strip()

    def add(self, text: str) -> None:
        text = _INVISIBLE.sub("", text)
        if self._verbatim:
            self._out.append(text)
            return
        text = _SPACE.sub(" ", text)
        if not self._out or self._out[-1][-1:].isspace():
            text = text.lstrip()
        if text:
            self._out.append(text)

    def enter(self, tag: Tag) -> None:
        name = tag.name
        self._break(self._gap(name))
        if name in _HEADINGS:
            self._out.append("#" * _HEADINGS[name] + " ")
        elif name in _LISTS:
            self._lists.append(0 if name == "ol" else None)
        elif name == "li":
            self._out.append(self._bullet())
        elif name == "a":
            self._links.append(len(self._out))
        elif name == "br":
            self._out.append("\n")
        elif name == "img":
            self.add(str(tag.get("alt") or ""))
        elif name in ("td", "th") and tag.find_previous_sibling(["td", "th"]):
            self._out.append(" | ")
        self._verbatim += name == "pre"

    def leave(self, tag: Tag) -> None:
        name = tag.name
        self._verbatim -= name == "pre"
        if name == "a":
            self._close_link(str(tag.get("href") or "").strip())
        if name in _LISTS:
            self._lists.pop()
        self._break(self._gap(name))

    def _gap(self, name: str) -> int:
        if name in _LISTS:
            return 1 if self._lists else 2
        if name == "p" and self._lists:  # it must not tear an item from its bullet
            return 0 if self._out and _BULLET.fullmatch(self._out[-1]) else 1
        return _GAPS.get(name, 0)

    def _bullet(self) -> str:
        depth = "  " * max(len(self._lists) - 1, 0)
        if not self._lists or self._lists[-1] is None:
            return f"{depth}- "
        self._lists[-1] += 1
        return f"{depth}{self._lists[-1]}. "

    def _close_link(self, address: str) -> None:
        shown = "".join(self._out[self._links.pop() :]).strip()
        named = address.removeprefix("mailto:").removeprefix("tel:")
        if named and not named.lower().startswith(("#", "javascript:")) and named != shown:
            self._out.append(f" ({named})" if shown else named)

    def _break(self, lines: int) -> None:
        tail = "".join(self._out[-2:])
        if lines and tail.strip(" "):
            standing = len(tail) - len(tail.rstrip("\n"))
            self._out.append("\n" * max(lines - standing, 0))
            self._out = self._out if self._out[-1] else self._out[:-1]

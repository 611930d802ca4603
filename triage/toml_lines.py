"""On which line of a TOML file a key stands; what the file means is left to ``tomllib``.

The standard library's parser keeps no positions. It is asked once for every statement instead: a
statement (a header, or a key with its value) ends on the first line with which it parses alone,
because TOML v1.0.0 lets neither run over a line's end except inside brackets and triple quotes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

KeyPath = tuple[str | int, ...]  # as pydantic's ``loc``: ("signal", 2, "weight")


class TomlLines:
    """The lines of the keys in one TOML source that is known to parse."""

    def __init__(self, source: str) -> None:
        self._lines = source.replace("\r\n", "\n").split("\n")
        self._found: dict[KeyPath, int] = {(): 1}
        self._tables: dict[KeyPath, int] = {}  # of each array of tables, the position of its last
        table: KeyPath = ()
        for number, statement in _statements(self._lines):
            content = tomllib.loads(statement)
            if statement.lstrip().startswith("["):
                table = self._header(content)
                self._found.setdefault(table, number)
            else:
                self._keys(content, table, number)

    def line_of(self, path: KeyPath, value: object = None) -> int:
        """Return the 1-based line of ``path``, or of the nearest table around it.

        Args:
            value: a text inside the value of ``path``, such as one pattern of a list; its own line
                is returned where it is found below the key.
        """
        while path not in self._found:
            path = path[:-1]
        line = self._found[path]
        if isinstance(value, str):
            end = min((n for n in self._found.values() if n > line), default=len(self._lines) + 1)
            for number in range(line, end):
                if value in self._lines[number - 1]:
                    return number
        return line

    def _header(self, content: Mapping[str, Any]) -> KeyPath:
        path: KeyPath = ()
        inner: Any = content
        while inner:
            ((name, inner),) = inner.items()
            path = (*path, name)
            if isinstance(inner, list):
                inner = inner[0]
                self._tables[path] = self._tables.get(path, -1) + 1
            if path in self._tables:
                path = (*path, self._tables[path])
        return path

    def _keys(self, content: Mapping[str, Any], table: KeyPath, number: int) -> None:
        for name, value in content.items():
            self._found.setdefault((*table, name), number)
            if isinstance(value, Mapping):
                self._keys(value, (*table, name), number)


def _statements(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield each statement with the number of its first line; blanks and comments are none."""
    start = 0
    while start < len(lines):
        end = start + 1
        while not _parses("\n".join(lines[start:end])) and end < len(lines):
            end += 1
        statement = "\n".join(lines[start:end])
        if statement.strip() and not statement.lstrip().startswith("#"):
            yield start + 1, statement
        start = end


def _parses(statement: str) -> bool:
    try:
        tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return False
    return True

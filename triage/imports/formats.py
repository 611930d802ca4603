"""The kinds of sources by name, apart from their readers, whose libraries take time to load."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """The kinds of sources; ``auto`` looks at the files."""

    AUTO = "auto"
    MARKDOWN = "markdown"
    CSV = "csv"
    JSONL = "jsonl"
    ZENDESK = "zendesk"
    BITEXT = "bitext"

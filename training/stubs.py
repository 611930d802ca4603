"""Drafts of articles that would fill a gap: Markdown files for people to finish.

``triage kb import`` leaves them out while they are marked as drafts and refuses them without an
answer, so a stub never gets to a customer; finished, they are articles like others.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.gaps import Gap
from triage.errors import RecordError
from triage.language import SUPPORTED_LANGUAGES
from triage.text import normalise

# A language with a smaller share of a gap's messages gets no file of its own.
SHARE = 0.25
_DIGITS = 10  # of a hash in an id
_TITLE = 80  # characters
_GUIDE = (
    "# {size} messages asked this and got no confident reply. Write the answer below the second",
    "# line of dashes, mend title and questions, then delete the line 'draft: true'.",
    "# The intent is the model's guess.",
)


@dataclass(frozen=True, slots=True)
class Stub:
    """A file to be: its name and its text."""

    name: str
    text: str


def stubs_of(gap: Gap, *, hidden: Callable[[str], str]) -> Iterator[Stub]:
    """Yield a stub for each language that enough messages of a gap are in; none for others.

    Stubs of one gap have one id, so that they become translations of one article. The same
    typical message gives the same id.

    Args:
        hidden: takes personal details out of a text.
    """
    digest = hashlib.sha256(normalise(gap.typical).encode("utf-8", "replace")).hexdigest()
    name = f"gap-{digest[:_DIGITS]}"
    by_code = _by_code(gap.languages)
    for code, texts in gap.examples.items():
        count = sum(by_code.get(code, {}).values())
        if code in SUPPORTED_LANGUAGES and count >= SHARE * gap.size:
            tag = max(by_code[code], key=lambda t: by_code[code][t])
            shown = [" ".join(hidden(text).split()) for text in texts]
            yield Stub(f"{name}.{code}.md", _text(gap, name, tag=tag, questions=shown))


def write_stubs(stubs: Sequence[Stub], folder: Path) -> tuple[list[Path], list[Path]]:
    """Write stubs into a folder, which is made; return what was written, and what was there.

    Raises:
        RecordError: the folder or a file cannot be written.
    """
    written, kept = [], []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for stub in stubs:
            path = folder / stub.name
            try:
                # Exclusive: a person may have begun to fill it.
                with path.open("x", encoding="utf-8", errors="replace") as stream:
                    stream.write(stub.text)
            except FileExistsError:
                kept.append(path)
            else:
                written.append(path)
    except OSError as fault:
        raise RecordError(
            f"drafts cannot be written to {folder}: {fault.strerror}; name another folder"
        ) from fault
    return written, kept


def _text(gap: Gap, name: str, *, tag: str, questions: Sequence[str]) -> str:
    import yaml

    title = questions[0] if len(questions[0]) <= _TITLE else f"{questions[0][: _TITLE - 1]}…"
    head = {
        "draft": True,
        "id": name,
        "title": title,
        "questions": list(questions),
        "language": tag if "-" in tag or tag == "en" else "zh-Hans",
        "intent": gap.intent,
        "kind": "macro",
        "tags": list(gap.terms),
    }
    front = yaml.safe_dump(
        {key: value for key, value in head.items() if value},
        allow_unicode=True, sort_keys=False, width=10_000,
    )  # fmt: skip
    guide = "\n".join(_GUIDE).format(size=gap.size)
    return f"---\n{guide}\n{front}---\n"


def _by_code(languages: Mapping[str, int]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for tag, count in languages.items():
        found.setdefault(tag.partition("-")[0], Counter())[tag] += count
    return found

"""Personal details in a text: recognisers that would rather mask too much than too little.

Presidio was weighed and left out: its Chinese support is a spaCy model of 70 MB and no recogniser
for a mainland, Hong Kong or Taiwan number, and its checksums are those of python-stdnum.
"""

import re

from triage.personal.addresses import find_chinese_addresses
from triage.personal.cues import find_cued
from triage.personal.english_addresses import find_latin_addresses
from triage.personal.finding import CHOSEN, KEPT, PERSONAL, Finding, folded, settled
from triage.personal.names import find_names
from triage.personal.shapes import find_shapes

__all__ = [
    "CHOSEN",
    "KEPT",
    "PERSONAL",
    "Finding",
    "find_personal",
    "folded",
    "settled",
]

_MAY_HOLD_ADDRESS = re.compile(r"\d| (?:Lane|Road|Street|Close|Avenue)\b")


def find_personal(text: str) -> list[Finding]:
    """Propose the personal details of a text and the numbers that are none; they may overlap.

    ``settled`` decides between them. Time is linear in the length of the text.
    """
    plain = folded(text)
    found = [*find_shapes(plain), *find_cued(plain), *find_chinese_addresses(plain)]
    if _MAY_HOLD_ADDRESS.search(plain):
        found += find_latin_addresses(plain)
    return found + list(find_names(plain, found))

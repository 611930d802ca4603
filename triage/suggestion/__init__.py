"""Hits to replies: ranked with calibrated confidence, worded, filled, cited.

``ranking`` says which article answers a message and how surely, ``past`` what became of earlier
suggestions, ``wording`` in which language and script, ``tone`` what is said around an article's
text, ``slots`` what fills it, ``replies`` puts them together, ``ranker_file`` is the ranker's JSON.
"""

from triage.suggestion.past import NO_PAST, Past, past_of
from triage.suggestion.ranker_file import ranker_fields, ranker_from
from triage.suggestion.ranking import Ranker, choice_of
from triage.suggestion.replies import ReplyStyle, SuggestionContext, ranked_hits, suggest
from triage.suggestion.slots import ReplyFormat, fill, format_of, slot_values

__all__ = [
    "NO_PAST",
    "Past",
    "Ranker",
    "ReplyFormat",
    "ReplyStyle",
    "SuggestionContext",
    "choice_of",
    "fill",
    "format_of",
    "past_of",
    "ranked_hits",
    "ranker_fields",
    "ranker_from",
    "slot_values",
    "suggest",
]

"""Articles and their hybrid index: nearness of vectors and BM25 over characters and words.

It takes vectors and normalised texts; it knows neither the encoder nor how a reply is filled.
"""

from triage.knowledge.hit import Hit
from triage.knowledge.index import KnowledgeIndex
from triage.knowledge.passage import Passage, PassageKind, passages_of
from triage.knowledge.saved import load_index, save_index
from triage.knowledge.scope import EVERYWHERE, Scope, products_named
from triage.knowledge.terms import search_terms

__all__ = [
    "EVERYWHERE",
    "Hit",
    "KnowledgeIndex",
    "Passage",
    "PassageKind",
    "Scope",
    "load_index",
    "passages_of",
    "products_named",
    "save_index",
    "search_terms",
]

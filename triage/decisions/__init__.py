"""The log of decisions: what was answered, and what agents made of it; SQLite or PostgreSQL.

It stores and finds; answering is the engine's, and judging of feedback against a model's labels is
done by the door that takes it.
"""

from triage.decisions.decision import Answered, Decision, Feedback, Recorded
from triage.decisions.judgement import Judgement, acceptance, acceptance_of
from triage.decisions.log import DecisionLog, open_log
from triage.decisions.store import DecisionStore

__all__ = [
    "Answered",
    "Decision",
    "DecisionLog",
    "DecisionStore",
    "Feedback",
    "Judgement",
    "Recorded",
    "acceptance",
    "acceptance_of",
    "open_log",
]

"""What became of earlier suggestions of each article, and when its text last changed.

Counts are given from outside; nothing is known of most articles, and that counts neither way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from triage.errors import InputError

PRIOR_SHOWS = 10.0  # how many shows the shop's own average is worth against an article's
_PRIOR_RATE = 0.5  # of a shop of which nothing is known
_HALF_LIFE = 365.0  # days in which the news of a change fades by half


@dataclass(frozen=True, slots=True)
class Past:
    """Earlier suggestions and changes, by article id; made by ``past_of``.

    Attributes:
        counts: how often an article was shown first and how often it was sent: (shown, accepted).
        updated: the day on which its text last changed.
        mean: the share of all shown suggestions that were accepted, in (0, 1).
    """

    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    updated: Mapping[str, date] = field(default_factory=dict)
    mean: float = _PRIOR_RATE

    def rate(self, article_id: str) -> float:
        """Return the smoothed share of an article's suggestions that were accepted, in (0, 1).

        The mean of a beta distribution whose prior is worth ``PRIOR_SHOWS`` shows at the shop's
        own average (empirical Bayes; Casella 1985, https://doi.org/10.1080/00031305.1985.10479400).
        """
        shown, accepted = self.counts.get(article_id, (0, 0))
        return (accepted + PRIOR_SHOWS * self.mean) / (shown + PRIOR_SHOWS)

    def acceptance(self, article_id: str) -> float:
        """Return the log-odds by which an article does better than the average; 0 unknown."""
        if article_id not in self.counts:
            return 0.0
        return _log_odds(self.rate(article_id)) - _log_odds(self.mean)

    def freshness(self, article_id: str, *, day: date | None) -> float:
        """Return 0.5 for a text changed today, 0 after a year or unknown, towards -0.5 later."""
        if day is None or article_id not in self.updated:
            return 0.0
        age = max(0, (day - self.updated[article_id]).days)
        return float(0.5 ** (age / _HALF_LIFE)) - 0.5


NO_PAST = Past()


def past_of(
    counts: Mapping[str, tuple[int, int]], *, updated: Mapping[str, date] | None = None
) -> Past:
    """Return the past by counts of (shown, accepted); the mean is drawn to a half by one show.

    Raises:
        InputError: a count is negative, or more was accepted than shown.
    """
    for article_id, (shown, accepted) in counts.items():
        if not 0 <= accepted <= shown:
            raise InputError(
                f"article {article_id!r} was accepted {accepted} times of {shown} shown; "
                "give counts with 0 <= accepted <= shown"
            )
    shown = sum(each for each, _ in counts.values())
    accepted = sum(each for _, each in counts.values())
    return Past(dict(counts), dict(updated or {}), (accepted + _PRIOR_RATE) / (shown + 1))


def _log_odds(share: float) -> float:
    return math.log(share / (1 - share))

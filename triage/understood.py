"""One message with everything that is found out about it on its way through the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from triage.circumstances import Case
from triage.domain import KeyInfo, Message, SentimentVerdict
from triage.text import Language

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from triage.classifier import Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What the composition has found so far.

    Attributes:
        message: as it is understood, its turns merged into its text.
        merged: whether that text is another than the message came with.
        own: the text without quotes, signatures and greetings; offsets are those of the text.
        text: the normalised form.
    """

    message: Message
    merged: bool
    own: str
    text: str
    language: Language
    now: datetime
    vector: NDArray[np.float32]
    predictions: Mapping[str, Prediction]
    key_info: tuple[KeyInfo, ...]
    sentiment: SentimentVerdict

    @property
    def case(self) -> Case:
        """What the priority policy judges."""
        return Case(
            text=self.own,
            key_info=self.key_info,
            now=self.now,
            customer=self.message.customer,
            sentiment=self.sentiment,
            contacts=self.message.contacts,
        )

"""The engine: composes text, encoder, heads, policy, extraction and knowledge; no logic of its own.

Each message is encoded once; heads and knowledge read the same vector.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from triage.boilerplate import own_words
from triage.bundle import Bundle, load_bundle
from triage.circumstances import Case
from triage.classifier import category_of
from triage.conversation import merged, refuse_overlong
from triage.domain import KeyInfo, Message, SentimentVerdict, TriageResult
from triage.encoder import Encoder, load_encoder
from triage.errors import BundleError, MessageError
from triage.extraction import KeyInfoExtractor, read_catalogue
from triage.knowledge import Hit, Scope, products_named
from triage.policy_source import PolicySource
from triage.priority import Assessment, PriorityPolicy, load_policy
from triage.records import message_from
from triage.registry import Registry
from triage.review import Standard, review_reasons
from triage.sentiment import SentimentReader, load_flags
from triage.settings import Settings, load_settings
from triage.suggestion import SuggestionContext, rank, suggest
from triage.text import UNDETERMINED, Language, as_written, read
from triage.turns import asks_something

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from triage.classifier import Prediction

CATEGORY, INTENT, PRIORITY, SENTIMENT = "category", "intent", "priority", "sentiment"
TASKS = (CATEGORY, INTENT, PRIORITY, SENTIMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an engine is composed of."""

    bundle: Bundle
    encoder: Encoder
    extractor: KeyInfoExtractor
    policy: PriorityPolicy | PolicySource
    sentiment: SentimentReader


@dataclass(frozen=True, slots=True, kw_only=True)
class _Understood:
    """One message with everything that the composition has found so far.

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


class TriageEngine:
    """Triage of messages with one loaded bundle."""

    def __init__(
        self,
        parts: Parts,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        expected = parts.bundle.manifest.encoder["name"]
        if parts.encoder.name != expected:
            raise BundleError(
                f"model {parts.bundle.manifest.version!r} was trained on the encoder {expected!r}, "
                f"but {parts.encoder.name!r} is loaded; train again or restore that encoder"
            )
        self._parts = parts
        self._settings = settings
        self._clock = clock
        manifest = parts.bundle.manifest
        self._standard = Standard(manifest.review_confidence, manifest.review_familiarity)

    @property
    def model(self) -> str:
        """Version of the loaded bundle."""
        return self._parts.bundle.manifest.version

    @property
    def bundle(self) -> Bundle:
        """The loaded bundle."""
        return self._parts.bundle

    def triage(self, messages: Sequence[Message | Mapping[str, Any] | str]) -> list[TriageResult]:
        """Return the result of each message, in order.

        Args:
            messages: ``Message`` objects, mappings with at least ``text``, or bare texts.

        Raises:
            MessageError: a message is empty, over-long or of a wrong type.
        """
        known = [self.message(m, number=number) for number, m in enumerate(messages, start=1)]
        return [self._result(understood) for understood in self._understand(known)]

    def message(self, given: Message | Mapping[str, Any] | str, *, number: int = 1) -> Message:
        """Return ``given`` as a checked message; ``m-<number>`` is its id if it has none.

        Raises:
            MessageError: naming the field, its value and the remedy.
        """
        fields = {"text": given} if isinstance(given, str) else given
        if not isinstance(fields, Message):
            fields = message_from(fields, default_id=f"m-{number}")
        if not fields.text.strip() and not asks_something(fields.turns):
            raise MessageError("text", "is empty", remedy="give the customer's words")
        refuse_overlong(fields, limit=self._settings.max_text_chars)
        return fields

    def rank_articles(
        self, messages: Sequence[Message | Mapping[str, Any] | str]
    ) -> list[list[tuple[str, float]]]:
        """Return, for each message, ids and confidences of the nearest articles, best first.

        Unlike ``triage`` it leaves nothing out for low confidence.
        """
        known = [self.message(m, number=number) for number, m in enumerate(messages, start=1)]
        ranker = self._parts.bundle.ranker
        return [
            [
                (hit.article.id, confidence)
                for confidence, hit in rank(self._hits(found), self._context(found), ranker=ranker)
            ]
            for found in self._understand(known)
        ]

    def assess_priority(self, message: Message | Mapping[str, Any] | str) -> Assessment:
        """Return every step by which a message gets its priority.

        Raises:
            MessageError: the message is empty, over-long or of a wrong type.
        """
        (found,) = self._understand([self.message(message)])
        return self._parts.policy.assess(found.case, learnt=found.predictions[PRIORITY])

    def _understand(self, given: Sequence[Message]) -> list[_Understood]:
        messages = [merged(message) for message in given]
        whole = [f"{m.subject}\n{m.text}" if m.subject else m.text for m in messages]
        readings = [read(text) for text in whole]
        texts = [text for text, _ in readings]
        own = [own_words(m.text) for m in messages]
        languages = [language for _, language in readings]
        times = [m.created_at or self._clock() for m in messages]
        vectors = self._parts.encoder.encode(texts)
        predictions = self._parts.bundle.classifier.predict(
            texts, vectors, languages=[language.code for language in languages]
        )
        key_info = self._parts.extractor.extract(
            [m.text for m in messages], times=times, scripts=[la.script for la in languages]
        )
        return [
            _Understood(
                message=messages[i],
                merged=messages[i].text != given[i].text,
                own=own[i],
                text=texts[i],
                language=languages[i],
                now=times[i],
                vector=vectors[i],
                predictions=predictions[i],
                key_info=key_info[i],
                sentiment=self._parts.sentiment.judge(own[i], predictions[i][SENTIMENT]),
            )
            for i in range(len(messages))
        ]

    def _result(self, found: _Understood) -> TriageResult:
        bundle, category = self._parts.bundle, found.predictions[CATEGORY]
        priority = self._parts.policy.judge(
            found.case,
            learnt=found.predictions[PRIORITY],
            evidence=lambda level: self._evidence(found, level),
        )
        suggestions = suggest(
            self._hits(found),
            self._context(found),
            ranker=bundle.ranker,
            shop=self._settings.shop,
            limit=self._settings.max_suggestions,
        )
        reasons = review_reasons(
            found.language,
            category,
            priority,
            text=found.text,
            suggestions=suggestions,
            standard=self._standard,
        )
        return TriageResult(
            id=found.message.id,
            language=found.language.code,
            script=found.language.script,
            model=self.model,
            category=category_of(category, found.predictions[INTENT]),
            team=self._settings.teams.get(category.best, category.best),
            priority=priority,
            sentiment=found.sentiment,
            key_info=found.key_info,
            suggestions=suggestions,
            needs_review=bool(reasons),
            review_reasons=reasons,
            languages=dict(found.language.shares),
            understood_text=found.message.text if found.merged else None,
        )

    def _evidence(self, found: _Understood, level: str) -> str | None:
        """Return the words of the message that speak most for a learnt priority."""
        term = self._parts.bundle.classifier.strongest_term(
            PRIORITY, level, found.text, language=found.language.code
        )
        return as_written(term, found.message.text) if term else None

    def _hits(self, found: _Understood) -> list[Hit]:
        named = products_named(found.message, found.key_info)
        return self._parts.bundle.knowledge.search(
            found.text,
            found.vector,
            day=found.now.date(),
            scope=Scope(channel=found.message.channel, products=named),
        )

    def _context(self, found: _Understood) -> SuggestionContext:
        return SuggestionContext(
            message=found.message,
            language=self._reply_language(found.language),
            key_info=found.key_info,
            category=found.predictions[CATEGORY],
            intent=found.predictions[INTENT],
        )

    def _reply_language(self, language: Language) -> Language:
        if language.code != UNDETERMINED:
            return language
        return Language(self._settings.default_language)


def load_engine(model: str | None = None, *, settings: Settings | None = None) -> TriageEngine:
    """Load the promoted bundle, or the version or folder named, with its encoder.

    Raises:
        BundleError: there is no such bundle, or it is damaged or for another encoder.
        EncoderError: the encoder is absent.
        ConfigError: a setting, the catalogue or the priority policy is unusable.
    """
    settings = settings or load_settings()
    folder = Registry(settings.models_dir).path(model or settings.model)
    # spaCy's import takes longest; it runs beside the loading of model files.
    with ThreadPoolExecutor(max_workers=1) as pool:
        extractor = pool.submit(_extractor, settings.catalogue)
        bundle = load_bundle(folder)
        encoder = load_encoder(bundle.encoder_source, threads=settings.threads)
        parts = Parts(
            bundle=bundle,
            encoder=encoder,
            extractor=extractor.result(),
            policy=PolicySource(own) if (own := settings.priority_policy) else load_policy(),
            sentiment=load_flags(weights=bundle.manifest.tone),
        )
    return TriageEngine(parts, settings)


def _extractor(catalogue: Path | None) -> KeyInfoExtractor:
    return KeyInfoExtractor(read_catalogue(catalogue) if catalogue else ())

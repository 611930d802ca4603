"""The engine: composes text, encoder, heads, policy, extraction and knowledge; no logic of its own.

Each message is encoded once; heads and knowledge read the same vector.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from triage.boilerplate import own_words
from triage.bundle import Bundle, load_bundle
from triage.classifier import category_of
from triage.conversation import merged, read_message, refuse_overlong
from triage.degraded import judge_by_words
from triage.domain import Message, TriageResult
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
from triage.settings import WARM, Settings, load_settings
from triage.suggestion import ReplyStyle, SuggestionContext, ranked_hits, suggest
from triage.text import UNDETERMINED, Language, as_written
from triage.turns import asks_something
from triage.understood import Understood

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
        self._kb_version = parts.bundle.kb_version
        self._style = ReplyStyle(
            shop=settings.shop,
            limit=settings.max_suggestions,
            framed=settings.reply_tone == WARM,
        )

    @property
    def model(self) -> str:
        """Version of the loaded bundle."""
        return self._parts.bundle.manifest.version

    @property
    def parts(self) -> Parts:
        """What the engine is composed of."""
        return self._parts

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
        policy = self.policy  # one for the whole batch, whatever happens to its file
        return [self._result(understood, policy) for understood in self._understand(known)]

    def triage_degraded(
        self, messages: Sequence[Message | Mapping[str, Any] | str]
    ) -> list[TriageResult]:
        """Return a quick result of each message, in order, by words alone; see ``degraded``.

        Raises:
            MessageError: a message is empty, over-long or of a wrong type.
        """
        known = [self.message(m, number=number) for number, m in enumerate(messages, start=1)]
        return judge_by_words(
            [merged(m) for m in known],
            bundle=self.bundle,
            policy=self.policy,
            sentiment=self._parts.sentiment,
            teams=self._settings.teams,
            now=self._clock(),
        )

    def snapshot(self) -> TriageEngine:
        """Return an engine whose policy no longer follows its file; itself where it has none."""
        if (policy := self.policy) is self._parts.policy:
            return self
        parts = replace(self._parts, policy=policy)
        return TriageEngine(parts, self._settings, clock=self._clock)

    @property
    def policy(self) -> PriorityPolicy:
        """The priority policy, as its file says now."""
        policy = self._parts.policy
        return policy.current() if isinstance(policy, PolicySource) else policy

    @property
    def policy_source(self) -> PolicySource | None:
        """The file that the policy follows; ``None`` for one that cannot change."""
        return own if isinstance(own := self._parts.policy, PolicySource) else None

    def now(self) -> datetime:
        """Return the time by the engine's clock, which stands in where a message has none."""
        return self._clock()

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
        """Return each message's articles with their confidences, best first, even unlikely ones."""
        known = [self.message(m, number=number) for number, m in enumerate(messages, start=1)]
        ranker = self._parts.bundle.ranker
        found = [(self._hits(each), self._context(each)) for each in self._understand(known)]
        return [
            [(hit.article.id, share) for share, hit in ranked_hits(hits, context, ranker=ranker)]
            for hits, context in found
        ]

    def assess_priority(self, message: Message | Mapping[str, Any] | str) -> Assessment:
        """Return every step by which a message gets its priority.

        Raises:
            MessageError: the message is empty, over-long or of a wrong type.
        """
        (found,) = self._understand([self.message(message)])
        return self._parts.policy.assess(found.case, learnt=found.predictions[PRIORITY])

    def _understand(self, given: Sequence[Message]) -> list[Understood]:
        messages = [merged(message) for message in given]
        own = [own_words(m.text) for m in messages]
        readings = [read_message(m, own=words) for m, words in zip(messages, own, strict=True)]
        languages = [language for _, language in readings]
        times = [m.created_at or self._clock() for m in messages]
        # Equal texts of one language are encoded and predicted once.
        distinct = {known: place for place, known in enumerate(dict.fromkeys(readings))}
        texts, spoken = [t for t, _ in distinct], [la.code for _, la in distinct]
        vectors = self._parts.encoder.encode(texts)
        predictions = self._parts.bundle.classifier.predict(texts, vectors, languages=spoken)
        places = [distinct[known] for known in readings]
        key_info = self._parts.extractor.extract(
            [m.text for m in messages], times=times, scripts=[la.script for la in languages]
        )
        return [
            Understood(
                message=messages[i],
                merged=messages[i].text != given[i].text,
                own=own[i],
                text=readings[i][0],
                language=languages[i],
                now=times[i],
                vector=vectors[places[i]],
                predictions=predictions[places[i]],
                key_info=key_info[i],
                sentiment=self._parts.sentiment.judge(own[i], predictions[places[i]][SENTIMENT]),
            )
            for i in range(len(messages))
        ]

    def _result(self, found: Understood, policy: PriorityPolicy) -> TriageResult:
        bundle, category = self._parts.bundle, found.predictions[CATEGORY]
        priority = policy.judge(
            found.case,
            learnt=found.predictions[PRIORITY],
            evidence=lambda level: self._evidence(found, level),
        )
        suggestions = suggest(
            self._hits(found), self._context(found), ranker=bundle.ranker, style=self._style
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
            kb_version=self._kb_version,
        )

    def _evidence(self, found: Understood, level: str) -> str | None:
        """Return the words of the message that speak most for a learnt priority."""
        term = self._parts.bundle.classifier.strongest_term(
            PRIORITY, level, found.text, language=found.language.code
        )
        return as_written(term, found.message.text) if term else None

    def _hits(self, found: Understood) -> list[Hit]:
        named = products_named(found.message, found.key_info)
        return self._parts.bundle.knowledge.search(
            found.text,
            found.vector,
            day=found.now.date(),
            scope=Scope(channel=found.message.channel, products=named),
        )

    def _context(self, found: Understood) -> SuggestionContext:
        return SuggestionContext(
            message=found.message,
            language=self._reply_language(found.language),
            key_info=found.key_info,
            category=found.predictions[CATEGORY],
            intent=found.predictions[INTENT],
            sentiment=found.sentiment,
            day=found.now.date(),
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

"""What is written of a tagged conversation: nested for JSON lines, one cell a value for tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triage.domain import Role, TriageResult
from triage.transcripts.outcome import polarity
from triage.transcripts.tagger import Placed, TaggedTranscript

_JOINT = "; "


def record_of(tagged: TaggedTranscript) -> dict[str, Any]:
    """Return the JSON form, times ISO 8601, waits in seconds, scores with four digits."""
    transcript, main = tagged.transcript, tagged.results[tagged.main]
    label, confidence = tagged.category
    spoken = [turn.role for turn in transcript.turns]
    record: dict[str, Any] = {
        "id": transcript.id,
        "created_at": transcript.start.isoformat() if transcript.start else None,
        "ended_at": transcript.end.isoformat() if transcript.end else None,
        "channel": transcript.channel,
        "customer_id": transcript.customer,
        "agent": transcript.agent,
        "language": main.language,
        "model": main.model,
        "category": {
            "label": label,
            "intent": main.category.intent,
            "confidence": round(confidence, 4),
        },
        "intents": list(tagged.intents),
        "team": main.team,
        "priority": {"level": tagged.level.value,
                     "score": max(r.priority.score for r in tagged.results)},
        "sentiment": _sentiment(tagged),
        "key_info": [_key_info(placed) for placed in tagged.key_info],
        "turns": len(spoken),
        "customer_turns": spoken.count(Role.CUSTOMER),
        "agent_turns": spoken.count(Role.AGENT),
        "first_response_seconds": tagged.first_response,
        "longest_wait_seconds": tagged.longest_wait,
        "repeated_contact": tagged.repeated.to_dict() if tagged.repeated else None,
        "resolution": tagged.resolution.to_dict(),
        "agent_quality": tagged.conduct.to_dict() if tagged.conduct else None,
        "suggestions": [
            {"article_id": s.article_id, "confidence": round(s.confidence, 4)}
            for s in main.suggestions
        ],
        "needs_review": main.needs_review,
        "review_reasons": list(main.review_reasons),
    }  # fmt: skip
    if tagged.messages is not None:
        record["messages"] = [_message(turn, r) for turn, r in tagged.messages.items()]
    return record


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record, or a line with its error, as one cell a value; the same columns always."""
    if "error" in record:
        return {name: record.get(name) for name in ("id", *_FLAT, "line", "error")}
    return {"id": record["id"], **{n: take(record) for n, take in _FLAT.items()},
            "line": None, "error": None}  # fmt: skip


def _sentiment(tagged: TaggedTranscript) -> dict[str, Any]:
    tones = [result.sentiment for result in tagged.results]
    worst = min(range(len(tones)), key=lambda number: polarity(tones[number]))

    def shown(number: int) -> dict[str, Any]:
        tone = tones[number]
        return {
            "label": tone.label.value,
            "confidence": round(tone.confidence, 4),
            "flags": list(tone.flags),
            "turn": tagged.bursts[number].last,
        }

    return {
        "label": tones[-1].label.value,
        "start": shown(0),
        "worst": shown(worst),
        "end": shown(len(tones) - 1),
        "contentment": round(tagged.contentment, 4),
    }


def _key_info(placed: Placed) -> dict[str, Any]:
    info = placed.info
    return {
        "type": info.type,
        "text": info.text,
        "value": info.value,
        "turn": placed.turn,
        "start": placed.start,
        "end": placed.end,
        "carrier": info.carrier,
    }


def _message(turn: int, result: TriageResult) -> dict[str, Any]:
    whole = result.to_dict()
    kept = ("category", "priority", "sentiment", "key_info", "needs_review")
    return {"turn": turn, **{name: whole[name] for name in kept}}


def _count(name: str) -> Any:
    return lambda record: len((record["agent_quality"] or {}).get(name, ()))


def _of(*path: str) -> Any:
    def take(record: Mapping[str, Any]) -> Any:
        value: Any = record
        for name in path:
            value = value[name] if value is not None else None
        return _JOINT.join(map(str, value)) if isinstance(value, list) else value

    return take


def _facts(record: Mapping[str, Any]) -> str:
    return _JOINT.join(f"{info['type']}={info['value']}" for info in record["key_info"])


def _articles(record: Mapping[str, Any]) -> str:
    return _JOINT.join(s["article_id"] for s in record["suggestions"])


def _greeted(record: Mapping[str, Any]) -> bool | None:
    quality = record["agent_quality"]
    return None if quality is None else quality["greeting"] is not None


_FLAT: Mapping[str, Any] = {
    **{name: _of(name) for name in ("created_at", "ended_at", "channel", "customer_id", "agent")},
    "category": _of("category", "label"),
    "category_confidence": _of("category", "confidence"),
    "intent": _of("category", "intent"),
    "intents": _of("intents"),
    "team": _of("team"),
    "priority": _of("priority", "level"),
    "priority_score": _of("priority", "score"),
    "sentiment": _of("sentiment", "label"),
    "sentiment_start": _of("sentiment", "start", "label"),
    "sentiment_worst": _of("sentiment", "worst", "label"),
    "sentiment_end": _of("sentiment", "end", "label"),
    "contentment": _of("sentiment", "contentment"),
    "key_info": _facts,
    **{
        name: _of(name)
        for name in ("turns", "customer_turns", "agent_turns", "first_response_seconds",
                     "longest_wait_seconds")
    },
    "repeated_contact": _of("repeated_contact", "reason"),
    "resolved": _of("resolution", "resolved"),
    "resolution_confidence": _of("resolution", "confidence"),
    "greeting": _greeted,
    "apology": _of("agent_quality", "apology", "state"),
    **{f"{name}_count": _count(name) for name in ("promises", "unanswered", "rude")},
    "suggestions": _articles,
    "needs_review": _of("needs_review"),
    "review_reasons": _of("review_reasons"),
    "language": _of("language"),
    "model": _of("model"),
}  # fmt: skip

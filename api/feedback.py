"""POST /v1/feedback: what an agent made of an answer, checked against model and articles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Body, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.errors import UNPROCESSABLE, JsonResponse, problem, refusal
from api.schemas import MAX_NAME, ErrorOut
from api.strict import StrictJsonRoute
from triage.decisions import Feedback
from triage.errors import DecisionError

if TYPE_CHECKING:
    from triage.decisions import Decision, DecisionLog
    from triage.engine import TriageEngine

MAX_SENT = 20_000
NOT_FOUND, CONFLICT, UNAVAILABLE = 404, 409, 503
RETRY_SECONDS = 5
_SHOWN_LABELS = 40
_EXAMPLES: dict[str, Any] = {
    "sent": {
        "summary": "a suggestion was sent, a little changed",
        "value": {
            "decision_id": "019aa3f2c1d07b6f0e4f5a9b8c7d6e5f",
            "chosen": "kb-logistics-delay-stuck",
            "sent_text": "让您等得着急了，抱歉。我现在向顺丰提交催查。",
        },
    },
    "corrected": {
        "summary": "no suggestion fitted, and the labels were wrong",
        "value": {
            "decision_id": "019aa3f2c1d07b6f0e4f5a9b8c7d6e5f",
            "chosen": None,
            "labels": {"intent": "refund/progress", "priority": "high"},
            "agent": "agent-7",
        },
    },
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class LabelsIn(_Strict):
    """Labels as they should have been; what was right, or nobody looked at, is left out."""

    category: str | None = Field(default=None, min_length=1, max_length=MAX_NAME)
    intent: str | None = Field(
        default=None, min_length=1, max_length=MAX_NAME, description="as category/name"
    )
    priority: str | None = Field(default=None, min_length=1, max_length=MAX_NAME)
    sentiment: str | None = Field(default=None, min_length=1, max_length=MAX_NAME)


class FeedbackIn(_Strict):
    """What an agent made of one answer."""

    decision_id: str = Field(min_length=1, max_length=MAX_NAME, description="of the answer")
    chosen: str | None = Field(
        min_length=1,
        max_length=MAX_NAME,
        description="article_id of the reply that was sent, null where none fitted",
    )
    sent_text: str | None = Field(
        default=None, max_length=MAX_SENT, description="the reply as the customer got it"
    )
    labels: LabelsIn | None = None
    agent: str | None = Field(
        default=None, min_length=1, max_length=MAX_NAME, description="who says so; a code will do"
    )


class FeedbackOut(BaseModel):
    """Feedback as it was stored."""

    decision_id: str
    repeated: bool = Field(description="the latest feedback on this decision said the same")
    edit_share: float | None = Field(
        description="share of the words that differ between suggested and sent reply; null where"
        " there is nothing to compare"
    )


_REFUSALS: dict[int | str, dict[str, Any]] = {
    404: {"model": ErrorOut, "description": "No decision has that id."},
    409: {"model": ErrorOut, "description": "The log of decisions is switched off."},
    413: {"model": ErrorOut, "description": "The body is over its limit."},
    422: {"model": ErrorOut, "description": "A field is missing, unknown, or names no label."},
    503: {"model": ErrorOut, "description": "The log of decisions is away; try again."},
}
router = APIRouter(route_class=StrictJsonRoute)


@router.post("/v1/feedback", response_model=FeedbackOut, responses=_REFUSALS, tags=["feedback"])
async def feedback(
    given: Annotated[FeedbackIn, Body(openapi_examples=_EXAMPLES)], request: Request
) -> Response:
    """Say which reply was sent, how it was changed, and which labels were wrong.

    The same feedback again changes nothing; other feedback on the same decision takes the place of
    the earlier, which is kept as history.
    """
    log: DecisionLog | None = request.app.state.decisions
    if log is None:
        remedy = "set decisions to a database in triage.toml and restart the service"
        found = problem("decision_id", "the log of decisions is switched off", remedy=remedy)
        return refusal(CONFLICT, "decisions_off", [found])
    try:
        return await to_thread.run_sync(_judged, log, request.app.state.engine, given)
    except DecisionError:
        found = problem("decision_id", "the log of decisions is away", remedy="try again later")
        wait = {"Retry-After": str(RETRY_SECONDS)}
        return refusal(UNAVAILABLE, "decisions_away", [found], headers=wait)


def _judged(log: DecisionLog, engine: TriageEngine, given: FeedbackIn) -> Response:
    """Check and store feedback; runs on a thread."""
    decision = log.store.decision(given.decision_id)
    if decision is None:
        remedy = "send the decision_id of an answer; decisions are deleted after retention_days"
        found = problem(
            "decision_id", "no decision has this id", value=given.decision_id, remedy=remedy
        )
        return refusal(NOT_FOUND, "unknown_decision", [found])
    labels = given.labels.model_dump(exclude_none=True) if given.labels else {}
    faults = [*_article_faults(given.chosen, decision, engine), *_label_faults(labels, engine)]
    if faults:
        return refusal(UNPROCESSABLE, "invalid_request", faults)
    said = Feedback(
        decision_id=decision.decision_id,
        chosen=given.chosen,
        sent=given.sent_text,
        labels=labels,
        agent=given.agent,
    )
    kept, repeated = log.judge(said, decision)
    shown = {"repeated": repeated, "edit_share": kept.edit_share}
    return JsonResponse({"decision_id": decision.decision_id} | shown)


def _article_faults(
    chosen: str | None, decision: Decision, engine: TriageEngine
) -> list[dict[str, Any]]:
    """Return what is wrong with an article; one that was suggested may be retired by now."""
    suggested = [s["article_id"] for s in decision.result["suggestions"]]
    if chosen is None or chosen in suggested or chosen in engine.bundle.knowledge.articles:
        return []
    shown = ", ".join(suggested) or "none"
    remedy = f"send the article_id of a suggestion (here: {shown}), of another article, or null"
    return [problem("chosen", f"no article has the id {chosen!r}", value=chosen, remedy=remedy)]


def _label_faults(labels: dict[str, str], engine: TriageEngine) -> list[dict[str, Any]]:
    """Return what is wrong with corrected labels."""
    known = engine.bundle.manifest.labels
    faults = []
    for task, label in labels.items():
        names = list(known[task])
        if label in names:
            continue
        within = f"{labels['category']}/" if task == "intent" and "category" in labels else ""
        near = [name for name in names if name.startswith(within)] or names
        more = "" if len(near) <= _SHOWN_LABELS else f" and {len(near) - _SHOWN_LABELS} more"
        remedy = f"use one of {', '.join(near[:_SHOWN_LABELS])}{more}"
        fault = f"the model knows no {task} {label!r}"
        faults.append(problem(f"labels.{task}", fault, value=label, remedy=remedy))
    category, intent = labels.get("category"), labels.get("intent")
    if not faults and category and intent and intent.partition("/")[0] != category:
        fault = f"{intent!r} does not lie under the category {category!r}"
        remedy = "leave the category out, or correct one of them"
        faults.append(problem("labels.intent", fault, value=intent, remedy=remedy))
    return faults

"""A client of the HTTP API, plain and asynchronous: typed results, retries, no model.

What crosses HTTP is made and read by ``wire``.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Self

import httpx

from triage.domain import Message, TriageResult
from triage.errors import ServiceError
from triage.patience import Patience, seconds_of
from triage.wire import message_json, result_from

AnyMessage = Message | Mapping[str, Any] | str
DEFAULT_URL = "http://127.0.0.1:8000"
BATCH = 100
_ERRORS_FROM = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A message of a batch that was not judged, and what is wrong with it."""

    id: str | None
    code: str
    problems: tuple[Mapping[str, str | None], ...]


class TriageClient:
    """Calls the service; one client may be used by several threads, and keeps connections open.

    A message without an id gets one, so that a repeated delivery is told from a new message.

    Args:
        base_url: where the service is, without ``/v1``.
        api_key: made by ``triage keys create``; none is needed on the service's own machine.
        patience: timeouts and retries.
        transport: how requests are sent; default: over the network.
    """

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        *,
        api_key: str | None = None,
        patience: Patience | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._patience = patience or Patience()
        self._http = httpx.Client(
            base_url=base_url,
            headers=_headers(api_key),
            timeout=self._patience.timeout,
            transport=transport,
        )

    def triage(self, message: AnyMessage) -> TriageResult:
        """Return the result of one message.

        Raises:
            ServiceError: the service refused it, or could not be reached in all attempts.
        """
        return _result_of(self._call("POST", "/v1/triage", _identified(message)))

    def triage_batch(
        self, messages: Sequence[AnyMessage], *, size: int = BATCH
    ) -> list[TriageResult | Rejected]:
        """Return what became of each message, in order.

        Args:
            messages: any number of them.
            size: how many are sent at once; the service's ``max_batch`` bounds it.

        Raises:
            ServiceError: as for ``triage``, for a whole request; a bad message is ``Rejected``.
        """
        entries: list[TriageResult | Rejected] = []
        for body in _batches(messages, size):
            entries += _entries_of(self._call("POST", "/v1/triage/batch", body))
        return entries

    def ready(self) -> dict[str, Any]:
        """Return what GET /health/ready tells, such as the ``model``.

        Raises:
            ServiceError: the service is not ready, or not there.
        """
        return self._call("GET", "/health/ready")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        attempts: Iterator[Any] = self._patience.attempts_of()
        for attempt in attempts:
            with attempt:
                try:
                    return _content(self._http.request(method, path, json=body))
                except httpx.TransportError as fault:
                    raise _unreached(self._http.base_url, fault) from fault
        raise AssertionError("an attempt either answers or raises")


class AsyncTriageClient:
    """The same as ``TriageClient`` for asynchronous code; its methods are awaited."""

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        *,
        api_key: str | None = None,
        patience: Patience | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._patience = patience or Patience()
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers=_headers(api_key),
            timeout=self._patience.timeout,
            transport=transport,
        )

    async def triage(self, message: AnyMessage) -> TriageResult:
        """Return the result of one message; raises as ``TriageClient.triage``."""
        return _result_of(await self._call("POST", "/v1/triage", _identified(message)))

    async def triage_batch(
        self, messages: Sequence[AnyMessage], *, size: int = BATCH
    ) -> list[TriageResult | Rejected]:
        """Return what became of each message; raises as ``TriageClient.triage_batch``."""
        entries: list[TriageResult | Rejected] = []
        for body in _batches(messages, size):
            entries += _entries_of(await self._call("POST", "/v1/triage/batch", body))
        return entries

    async def ready(self) -> dict[str, Any]:
        """Return what GET /health/ready tells; raises as ``TriageClient.ready``."""
        return await self._call("GET", "/health/ready")

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        attempts: AsyncIterator[Any] = self._patience.attempts_of()
        async for attempt in attempts:
            with attempt:
                try:
                    return _content(await self._http.request(method, path, json=body))
                except httpx.TransportError as fault:
                    raise _unreached(self._http.base_url, fault) from fault
        raise AssertionError("an attempt either answers or raises")


def _headers(api_key: str | None) -> dict[str, str]:
    agent = {"User-Agent": f"support-triage/{version('support-triage')}"}
    return agent | ({"Authorization": f"Bearer {api_key}"} if api_key else {})


def _identified(message: AnyMessage) -> dict[str, Any]:
    body = message_json(message)
    return body if body.get("id") else body | {"id": f"c-{uuid.uuid4()}"}


def _batches(messages: Sequence[AnyMessage], size: int) -> Iterator[dict[str, Any]]:
    if size < 1:
        raise ValueError(f"size is {size}; send at least 1 message at once")
    for start in range(0, len(messages), size):
        yield {"messages": [_identified(m) for m in messages[start : start + size]]}


def _result_of(content: Mapping[str, Any]) -> TriageResult:
    try:
        return result_from(content)
    except ValueError as fault:
        raise ServiceError(f"the answer is no result of v1: {fault}; renew this client") from fault


def _entries_of(content: Mapping[str, Any]) -> list[TriageResult | Rejected]:
    entries: list[TriageResult | Rejected] = []
    for entry in content["results"]:
        if error := entry.get("error"):
            rejected = Rejected(
                id=entry["id"], code=error["code"], problems=tuple(error["problems"])
            )
            entries.append(rejected)
        else:
            entries.append(_result_of(entry))
    return entries


def _content(answer: httpx.Response) -> dict[str, Any]:
    """Return what was answered; a refusal is raised."""
    try:
        content = answer.json()
    except ValueError:
        content = None  # a proxy's page
    usable = isinstance(content, dict)
    fields: dict[str, Any] = content if usable else {}
    if answer.status_code >= _ERRORS_FROM or not usable:
        detail = fields.get("detail") or answer.reason_phrase or "no JSON object"
        raise ServiceError(
            f"{answer.request.url} answered {answer.status_code}: {detail}",
            status=answer.status_code,
            code=fields.get("code"),
            problems=fields.get("problems", ()),
            retry_after=seconds_of(answer.headers.get("retry-after")),
        )
    return fields


def _unreached(url: httpx.URL, fault: httpx.TransportError) -> ServiceError:
    return ServiceError(
        f"{url} cannot be reached ({type(fault).__name__}); check the address and that "
        "`triage serve` runs there"
    )

"""Spans of OpenTelemetry, where an endpoint is set that takes them; nothing is imported otherwise.

A span says how long something took and never what a customer wrote.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from triage.errors import MissingExtraError

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_FAULT = 500
_NS = 1_000_000_000


class Tracing:
    """Makes spans of requests, of their wait in the queue and of the inference of batches.

    Args:
        provider: gives the spans away; ``close`` shuts it down.
    """

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("triage", version("support-triage"))
        self._batch: list[Context] = []

    @contextmanager
    def request(self, method: str, headers: Mapping[str, str]) -> Iterator[RequestSpan]:
        """Span a request, below the caller's span where ``traceparent`` names one.

        Args:
            headers: ``traceparent`` and ``tracestate`` of https://www.w3.org/TR/trace-context/.
        """
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        caller = TraceContextTextMapPropagator().extract(headers)
        with self._tracer.start_as_current_span(
            method,
            context=caller,
            kind=SpanKind.SERVER,
            record_exception=False,  # its message may quote a customer
            set_status_on_exception=False,
        ) as span:
            yield RequestSpan(span, method)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Span a part of the request in whose context this is called."""
        with self._tracer.start_as_current_span(
            name, record_exception=False, set_status_on_exception=False
        ):
            yield

    def waited(self, seconds: float) -> None:
        """Span the wait that ends now, below the request in whose context this is called.

        Outside a request's context there is nothing to hang it on, and no span.
        """
        from opentelemetry import context, trace

        parent = context.get_current()
        if not trace.get_current_span(parent).get_span_context().is_valid:
            return
        self._past("queue", seconds, parent)
        self._batch.append(parent)

    def inference(self, seconds: float, *, size: int) -> None:
        """Span the inference of a batch that ends now, below each of its requests.

        Where none is known, the span stands alone.
        """
        parents: list[Context | None] = [*self._batch] or [None]
        self._batch = []
        for parent in parents:
            self._past("inference", seconds, parent, size=size)

    def close(self) -> None:
        """Send the spans that wait, and stop."""
        self._provider.shutdown()

    def _past(
        self, name: str, seconds: float, parent: Context | None, *, size: int | None = None
    ) -> None:
        end = time.time_ns()
        start = end - int(seconds * _NS)
        attributes = {} if size is None else {"triage.batch.messages": size}
        span = self._tracer.start_span(
            name, context=parent, start_time=start, attributes=attributes
        )
        span.end(end)


class RequestSpan:
    """The span of a request in progress; its attributes follow OpenTelemetry's for HTTP servers."""

    def __init__(self, span: Span, method: str) -> None:
        self._span = span
        self._method = method

    def end(self, route: str, status: int, *, request_id: str) -> None:
        """Name the span by its route, and tell how the request ended."""
        from opentelemetry.trace import Status, StatusCode

        self._span.update_name(f"{self._method} {route}")
        self._span.set_attributes(
            {
                "http.request.method": self._method,
                "http.route": route,
                "http.response.status_code": status,
                "triage.request_id": request_id,
            }
        )
        if status >= _FAULT:
            self._span.set_status(Status(StatusCode.ERROR))


def tracing_from_environment() -> Tracing | None:
    """Return tracing to the endpoint that the environment names; ``None`` where it names none.

    All that OpenTelemetry reads from the environment holds: ``OTEL_SERVICE_NAME``,
    ``OTEL_TRACES_SAMPLER``, ``OTEL_EXPORTER_OTLP_HEADERS`` and so on
    (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).

    Raises:
        MissingExtraError: an endpoint is named and OpenTelemetry is not installed.
    """
    named = next((name for name in ENDPOINTS if os.environ.get(name)), None)
    if named is None or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as absent:
        raise MissingExtraError("opentelemetry-sdk", extra="otel", purpose=named) from absent
    own = Resource.create({"service.name": "triage", "service.version": version("support-triage")})
    provider = TracerProvider(resource=own.merge(OTELResourceDetector().detect()))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)

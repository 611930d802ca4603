"""The log of a running service: answers are reduced, hashed, written and given back."""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from triage.decisions.decision import Answered, Decision, Feedback, Recorded
from triage.decisions.discretion import Discretion, restored
from triage.decisions.editing import edit_share
from triage.decisions.store import DecisionStore
from triage.decisions.writer import Timing, Writer
from triage.errors import ConfigError

if TYPE_CHECKING:
    from triage.settings import Settings

KEY_FILE = "decisions.key"
_KEY_BYTES = 32
_LOG = logging.getLogger(__name__)


class DecisionLog:
    """Records answers in a store by a thread of its own, and takes feedback on them.

    Args:
        keep_days: age at which a decision is deleted.
        clock: the moment now, in UTC.
    """

    def __init__(
        self,
        store: DecisionStore,
        discretion: Discretion,
        *,
        keep_days: int,
        timing: Timing | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.store = store
        self._discretion = discretion
        self._keep = timedelta(days=keep_days)
        self._clock = clock
        self._lock = Lock()
        self._recorded = self._unrecorded = 0
        self._told = False
        self._writer: Writer[Answered, Recorded] = Writer(self._write, self._purge, timing=timing)

    def record(self, answered: Answered) -> Future[Recorded]:
        """Return a future of what to send; it is done once the decision is committed.

        It never raises: where nothing could be recorded, ``decision_id`` is ``None`` and the fault
        is counted.
        """
        done: Future[Recorded] = Future()
        written = self._writer.put(answered)
        done.add_done_callback(lambda given: given.cancelled() and written.cancel())
        written.add_done_callback(lambda given: self._settle(done, answered, given))
        return done

    def give_up(self, answered: Answered) -> Recorded:
        """Return what to send where the future of ``record`` takes too long."""
        self._writer.stalled()
        return self._lost(answered, self._writer.fault)

    def judge(self, given: Feedback, decision: Decision) -> tuple[Feedback, bool]:
        """Store feedback as it may be kept; return it, and whether it was known already.

        Raises:
            DecisionError: the database is away.
        """
        replies = {s["article_id"]: s["reply"] for s in decision.result["suggestions"]}
        suggested = replies.get(given.chosen or "")
        sent = None if given.sent is None else self._discretion.sent(given.sent)
        kept = Feedback(
            decision_id=given.decision_id,
            chosen=given.chosen,
            sent=sent,
            edit_share=edit_share(suggested, sent) if suggested and sent is not None else None,
            labels=dict(given.labels),
            agent=given.agent,
            created_at=self._clock(),
        )
        return kept, self.store.add_feedback(kept)

    def health(self) -> dict[str, Any]:
        """Return ``state`` (``writing`` or ``away``) and the counts since the start."""
        state = "writing" if self._writer.fault is None else "away"
        return {"state": state, "recorded": self._recorded, "unrecorded": self._unrecorded}

    def close(self) -> None:
        """Write what waits and close the database."""
        self._writer.close()
        self.store.close()

    def _write(self, batch: Sequence[Answered]) -> list[Recorded]:
        kept = [self._discretion.kept(answered) for answered in batch]
        rows = [self._row(a, text, result) for a, (text, result) in zip(batch, kept, strict=True)]
        standing = self.store.add(rows)
        return [
            Recorded(row.decision_id, answered.result)
            if found.decision_id == row.decision_id
            else Recorded(
                found.decision_id,
                restored(found.result, kept=row.result, fresh=answered.result),
                repeated=True,
            )
            for row, found, answered in zip(rows, standing, batch, strict=True)
        ]

    def _row(self, answered: Answered, text: str | None, result: dict[str, Any]) -> Decision:
        content = self._discretion.content_hash(answered.message)
        model = str(answered.result["model"])
        same = [answered.key, content, model, answered.kb_version]
        repeats = answered.key is not None and not answered.degraded
        return Decision(
            decision_id=_new_id(),
            request_key=None if answered.key is None else answered.key.replace("\0", ""),
            repeat_key=self._discretion.digest(repr(same).encode()) if repeats else None,
            content_hash=content,
            model=model,
            kb_version=answered.kb_version,
            created_at=self._clock(),
            text=text,
            result=result,
            degraded=answered.degraded,
        )

    def _purge(self) -> None:
        if purged := self.store.purge(self._clock() - self._keep):
            _LOG.info("deleted %d decisions older than %d days", purged, self._keep.days)

    def _settle(
        self, done: Future[Recorded], answered: Answered, written: Future[Recorded]
    ) -> None:
        if not done.set_running_or_notify_cancel():
            return  # given up already
        if fault := written.exception():
            recorded = self._lost(answered, fault)
        else:
            recorded = written.result()
            with self._lock:
                self._recorded += 1
                self._told = False
        done.set_result(recorded)

    def _lost(self, answered: Answered, fault: BaseException | None) -> Recorded:
        with self._lock:
            self._unrecorded += 1
            first, self._told = not self._told, True
        if first:  # once an outage, not once a message
            _LOG.warning("decisions are not recorded: %s", fault)
        return Recorded(None, answered.result)


def open_log(settings: Settings) -> DecisionLog | None:
    """Return the log that the settings name; ``None`` where it is switched off.

    A database that is away now is no fault: it is tried again with each decision.

    Raises:
        ConfigError: the URL is unusable, or the folder of the state cannot be written.
    """
    if (url := settings.decisions_url) is None:
        return None
    given = settings.decisions_key
    key = given.get_secret_value().encode() if given else read_key(settings.state_folder)
    discretion = Discretion(settings.decisions_text, key=key)
    return DecisionLog(DecisionStore(url), discretion, keep_days=settings.retention_days)


def read_key(folder: Path) -> bytes:
    """Return the secret in ``folder``, which is made if there is none; only its owner may read it.

    Raises:
        ConfigError: the folder cannot be written or the file not be read.
    """
    path = folder / KEY_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # Written aside and linked: of several workers that start at once, one makes the key.
            scratch = folder / f".{KEY_FILE}.{secrets.token_hex(4)}"
            opened = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(opened, "wb") as stream:
                stream.write(secrets.token_hex(_KEY_BYTES).encode())
            try:
                os.link(scratch, path)
            except FileExistsError:
                pass
            finally:
                scratch.unlink()
        return path.read_bytes()
    except OSError as fault:
        raise ConfigError(
            f"the secret {path} of the log of decisions cannot be kept: {fault.strerror}; make the "
            "folder writable, give the secret in TRIAGE_DECISIONS_KEY, or switch the log off with "
            "TRIAGE_DECISIONS=off"
        ) from fault


def _new_id() -> str:
    """Return 32 hexadecimal digits that begin with the time: new rows lie together on disk."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"

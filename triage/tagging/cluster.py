"""The same run on a cluster: windows of rows through Ray Data, in order, one actor a core.

What a run is, and what becomes of an interrupted one, stands in ``run``; this module carries rows
to machines and finished bytes back. A process that dies is replaced and its windows are tagged
again: https://docs.ray.io/en/latest/ray-core/fault_tolerance/actors.html
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import platform
import socket
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, Any

from triage.errors import ConfigError, MissingExtraError, TriageError
from triage.records import STDIO
from triage.tagging.pieces import Piece, pieces_of
from triage.tagging.pool import ONE_THREAD, Lines, Window
from triage.tagging.target import Made

if TYPE_CHECKING:
    from triage.tagging.checkpoint import Progress
    from triage.tagging.run import Work
    from triage.tagging.target import Target

LOCAL, AUTO = "local", "auto"
_PATIENCE = 10  # seconds for an address to answer
AHEAD = 2  # windows an actor has before it, so that it need not wait
# Ray reads these when it is imported. No figures are sent to its makers:
# https://docs.ray.io/en/latest/cluster/usage-stats.html
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0"}
# The only way to have a Ray of one machine listen to that machine alone; elsewhere than on macOS
# and Windows, ``ray.init`` turns 127.0.0.1 into the machine's outer address.
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}


@dataclass(frozen=True, slots=True)
class RayCluster:
    """Tags on the machines of a Ray cluster.

    Args:
        address: ``local`` starts one of this machine, for this run; ``auto`` is the one that runs
            here; else ``host:6379``, or ``ray://host:10001`` where ``ray[client]`` is
            installed.
        workers: actors; by default one a core of the cluster.
        prepare: called once Ray is there, for who wants to set its logging.
    """

    address: str = LOCAL
    workers: int | None = None
    prepare: Callable[[], None] = lambda: None

    def made(self, work: Work, target: Target, *, done: Progress) -> Iterator[Made]:
        """Yield what the rows behind those that are done have become, in order.

        Raises:
            MissingExtraError: Ray is not installed.
            ConfigError: the cluster cannot be reached, or its machines have another model.
            RecordError, TriageError: a machine cannot read the input or load the engine.
        """
        if any(source.name == STDIO for source in work.sources):
            raise ConfigError(
                "standard input cannot be read by other machines; write it to a file and name that"
            )
        order = _Order(work.make, datetime.fromisoformat(done.now), target, str(Path.cwd()))
        with _joined(self.address, self.workers) as ray:
            self.prepare()
            workers = self.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
            dataset = _dataset(ray, pieces_of(work.sources, done.rows), work.window)
            tagged = dataset.map_batches(
                _Station,
                fn_constructor_args=(order,),
                batch_size=1,
                batch_format="pyarrow",
                compute=ray.data.ActorPoolStrategy(
                    min_size=1,  # few windows need no more
                    max_size=workers,
                    initial_size=workers,
                    max_tasks_in_flight_per_actor=AHEAD,
                ),
                num_cpus=1,
                runtime_env={"env_vars": dict.fromkeys(ONE_THREAD, "1")},
            )
            yield from _in_order(ray, tagged, first=done.rows + 1)


@dataclass(frozen=True, slots=True)
class _Order:
    """What an actor is told: how to make its tagger, and what is to become of records."""

    make: Callable[[datetime], Lines]
    now: datetime
    target: Target
    folder: str  # in which relative names are meant


class _Station:
    """An actor's work: one window in, its bytes out. Faults are told, never raised.

    What is raised would be logged by Ray with its message, which may hold a customer's words.
    """

    def __init__(self, order: _Order) -> None:
        self._order = order
        self._tagger: Lines | None = None

    def __call__(self, batch: Any) -> Any:
        (row,) = batch.to_pylist()
        if row["fault"]:
            return _table(row["first"], fault=row["fault"])
        return _told(row["first"], lambda: self._made(pickle.loads(row["window"])))  # noqa: S301  # our own

    def _made(self, window: Window) -> Mapping[str, Any]:
        order = self._order
        if self._tagger is None:
            with contextlib.suppress(OSError):
                os.chdir(order.folder)
            self._tagger = order.make(order.now)
        lines = self._tagger.lines(window.messages, first=window.first)
        return {"made": asdict(order.target.made((window, lines)))}


def _read(piece: Piece, size: int, folder: str) -> Iterator[Any]:
    """Yield a piece's windows as tables of one row; a fault is the last of them."""
    with contextlib.suppress(OSError):
        os.chdir(folder)
    windows = piece.windows(size)
    first = piece.first
    while True:
        window: list[Window] = []

        def packed(into: list[Window] = window) -> Mapping[str, Any]:
            into.extend(islice(windows, 1))
            return {"window": pickle.dumps(into[0]) if into else b""}

        table = _told(first, packed)
        if not window and not table["fault"][0].as_py():
            return
        yield table
        if not window:
            return
        first += len(window[0].rows)


def _told(first: int, make: Callable[[], Mapping[str, Any]]) -> Any:
    """Return what is made as a table of one row, or its fault without a customer's words."""
    try:
        return _table(first, **make())
    except TriageError as fault:
        return _table(first, fault=f"{fault} (on {platform.node()})")
    except Exception as fault:  # noqa: BLE001  # of any kind, since Ray would log it
        place = extract_tb(fault.__traceback__)[-1]
        kind = type(fault).__name__
        return _table(
            first,
            fault=f"{kind} at {place.filename}:{place.lineno} in the window that begins with row "
            f"{first} (on {platform.node()}); tag these rows alone, without --engine, for more",
        )


def _table(first: int, **columns: Any) -> Any:
    import pyarrow as pa

    return pa.table(
        {name: [value] for name, value in {"first": first, "fault": "", **columns}.items()}
    )


def _dataset(ray: Any, pieces: list[Piece], window: int) -> Any:
    """Return the windows of all pieces as a dataset of Ray, in order."""
    from ray.data import DataContext, Datasource, ReadTask
    from ray.data.block import BlockMetadata

    folder = str(Path.cwd())

    class Rows(Datasource):  # type: ignore[misc]  # Ray is not typed, and imported only here
        def estimate_inmemory_data_size(self) -> None:
            return None

        def get_read_tasks(self, *_: Any, **__: Any) -> list[Any]:
            size = BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)
            return [ReadTask(partial(_read, piece, window, folder), size) for piece in pieces]

    context = DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    context.target_max_block_size = 1  # each window a block of its own, for an actor of its own
    # Reading waits on disks; were it to ask for a core, actors on all of them would let none in.
    return ray.data.read_datasource(Rows(), num_cpus=0, override_num_blocks=max(1, len(pieces)))


def _in_order(ray: Any, dataset: Any, *, first: int) -> Generator[Made, None, None]:
    with contextlib.closing(_rows_of(ray, dataset)) as rows:
        for row in rows:
            if row["fault"]:
                raise TriageError(row["fault"])
            if row["first"] != first:
                raise TriageError(
                    f"rows came out of order ({row['first']} for {first}); give the same command "
                    "again to go on"
                )
            made = Made(**{**row["made"], "seen": tuple(row["made"]["seen"])})
            first += made.rows
            yield made


def _rows_of(ray: Any, dataset: Any) -> Generator[Mapping[str, Any], None, None]:
    """Yield the rows of a dataset as they come.

    Not with ``iter_batches``: it fetches ahead in threads that outlive it, and when a thread asks
    Ray for something after its shutdown, Ray ends the process with exit code 1 and without a word.
    """
    bundles = dataset.iter_internal_ref_bundles()
    try:
        for bundle in bundles:
            for reference in bundle.block_refs:
                yield from ray.get(reference).to_pylist()
    finally:
        del bundles  # ends the execution while Ray is there


def _knock(address: str) -> None:
    """Raise OSError where nobody listens at an address; Ray itself would try for four minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if port.isdigit():
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()


@contextlib.contextmanager
def _joined(address: str, workers: int | None) -> Iterator[Any]:
    """Yield Ray, connected; a connection that was there before is used and kept."""
    alone = address == LOCAL
    os.environ.update(_QUIET | (_LOOPBACK if alone else {}))
    try:
        import ray
        import ray.data
    except ImportError as fault:
        raise MissingExtraError("ray", extra="ray", purpose="--engine ray") from fault
    if ray.is_initialized():
        yield ray
        return
    options: dict[str, Any] = {"num_cpus": workers, "include_dashboard": False} if alone else {}
    try:
        _knock(address)
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **options)
    except (OSError, RuntimeError, ValueError) as fault:
        raise ConfigError(
            f"--address {address}: no Ray cluster can be joined there ({fault}); start one with "
            "`ray start --head`, or leave --address out to use this machine"
        ) from fault
    try:
        yield ray
    finally:
        ray.shutdown()

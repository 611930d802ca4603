"""Server processes behind one socket; a SIGHUP to their parent reaches each, and stops none.

What a process does on SIGHUP (it loads model and policy anew) is left to ``app`` and ``seat``.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from uvicorn.supervisors import Multiprocess

if TYPE_CHECKING:
    from uvicorn import Config


class Workers(Multiprocess):
    """Uvicorn's parent process, which would start every worker anew on SIGHUP."""

    def handle_hup(self) -> None:
        """Pass the signal on."""
        for process in self.processes:
            if process.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGHUP)


def serve_in_workers(config: Config) -> None:
    """Serve with ``config.workers`` processes until told to stop."""
    Workers(config, sockets=[config.bind_socket()]).run()

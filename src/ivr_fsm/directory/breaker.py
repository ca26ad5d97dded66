"""A breaker: who has not answered several times in a row is not asked for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from ivr_fsm.directory.port import DirectoryError

FAILURES = 3
"""So many failures in a row open it."""

PAUSE = 10.0
"""Seconds between two probes while it is open."""

log = structlog.get_logger(__name__)


class OutOfReach(DirectoryError):
    """Nobody answered, or only to say that they cannot: the next question is likely to fare no better."""


class Breaker:
    """Keeps callers from waiting for somebody who does not answer.

    While it is open a probe of our own is sent now and then, and its success closes it: so no caller pays for
    finding out. *probe* asks something harmless and raises `OutOfReach` when there is no answer.
    """

    def __init__(self, name: str, probe: Callable[[], Awaitable[object]]) -> None:
        self._name = name
        self._probe = probe
        self._failures = 0
        self._probing: asyncio.Task[None] | None = None
        self.why = ""
        """Why it is open; empty: it is closed."""

    def answered(self) -> None:
        """There was an answer."""
        self._failures = 0

    def failed(self, why: str) -> None:
        """There was none, because of *why*."""
        self._failures += 1
        if self._failures >= FAILURES and not self.why:
            self.why = why
            log.warning("marketplace not asked for now", question=self._name, why=why)
            self._probing = asyncio.create_task(self._probe_on(), name=f"probe {self._name}")

    async def close(self) -> None:
        """Send no more probes."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait({self._probing})

    async def _probe_on(self) -> None:
        while self.why:
            await asyncio.sleep(PAUSE)
            try:
                await self._probe()
            except OutOfReach:
                continue
            except DirectoryError:
                pass  # What it says is wrong, but it speaks, and that at once.
            self._failures = 0
            self.why = ""
            log.info("marketplace asked again", question=self._name)

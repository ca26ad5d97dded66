"""Has pages made in another process: whatever they cost, no call waits for them."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, TypeVar

import structlog

from ivr_fsm.web.inspector import made
from ivr_fsm.web.inspector.archive import Shelf

LONGEST = 20.0
"""Seconds that a page may take."""

AT_ONCE = 40
"""So many may wait for a page: whoever comes then is told to come again."""

P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger(__name__)


class Busy(Exception):
    """The page cannot be made now."""


class Clerk:
    """One process that makes pages, begun when the first is wanted, and again when it died."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._pool: ProcessPoolExecutor | None = None
        self._waiting = 0

    async def ask(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what *work*, a function of `ivr_fsm.web.inspector.made`, returns there.

        Raises:
            Busy: too many wait already, it took too long, or the process died.
        """
        assert not kwargs
        if self._waiting >= AT_ONCE:
            raise Busy("too many pages are wanted at once")
        pool = self._opened()
        self._waiting += 1
        try:
            async with asyncio.timeout(LONGEST):
                return await asyncio.get_running_loop().run_in_executor(pool, work, *args)
        except BrokenProcessPool:
            self._drop(pool)
            log.warning("the process that makes pages died", remedy="it is begun again with the next page")
            raise Busy("the process that makes pages died") from None
        except TimeoutError:
            self._drop(pool)
            log.warning("a page took too long", page=work.__name__, seconds=LONGEST)
            raise Busy("the page took too long") from None
        finally:
            self._waiting -= 1

    def start(self) -> None:
        """Begin the process, so that the first page need not wait for it."""
        self._opened().submit(int)

    def close(self) -> None:
        """End the process."""
        if self._pool is not None:
            self._drop(self._pool)

    def _opened(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # Nothing of this process goes there: it has threads, sockets, and a hub that must not be doubled.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, context, initializer=made.begin, initargs=(self._shelf,))
        return self._pool

    def _drop(self, pool: ProcessPoolExecutor) -> None:
        if self._pool is pool:
            self._pool = None
        processes = list((pool._processes or {}).values())
        # Not cancelled: whoever waits learns that the process died, and is not taken for cancelled itself.
        pool.shutdown(wait=False)
        for process in processes:
            process.terminate()

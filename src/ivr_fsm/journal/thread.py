"""A thread for what would block the loop, and that never keeps the process from ending."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


class OneThread(Executor):
    """Does what is submitted, one thing after another.

    The interpreter waits at its end for the threads of a ``ThreadPoolExecutor``, and a database may hold one
    of them for ever: this thread is a daemon.
    """

    def __init__(self, name: str) -> None:
        self._work: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._ended = False
        Thread(target=self._run, name=name, daemon=True).start()

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Have *fn* called after all that was submitted before."""
        future: Future[_T] = Future()
        self._work.put((future, partial(fn, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        """Let the thread end once all is done that was submitted; nothing may be submitted any more."""
        self._ended = True
        self._work.put(None)

    async def finish(self, last: Callable[[], object], seconds: float) -> None:
        """Have *last* called after all that was submitted, wait *seconds* for it at most, and end, once."""
        if self._ended:
            return
        done = asyncio.get_running_loop().run_in_executor(self, last)
        await asyncio.wait({done}, timeout=seconds)
        self.shutdown()

    def _run(self) -> None:
        while (item := self._work.get()) is not None:
            future, work = item
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as error:
                    future.set_exception(error)
            # While the thread waits, it keeps nothing of what is over.
            del item, future, work

"""The event loop: asyncio and gevent on one hub, in one thread, with nothing monkey-patched.

A greenlet of greenswitch and a task of asyncio never run at the same time, so they share objects without
locks, and a greenlet may call the loop (``call_soon``, ``call_later``, ``create_task``) as if it were a
callback of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from contextvars import Context
from selectors import SelectorKey
from typing import Any, TypeVar, TypeVarTuple, Unpack

import gevent
from gevent.selectors import GeventSelector

_QUIET_ROUNDS = 3
"""How many times in a row the hub must have nothing to do before the virtual clock jumps."""

_LOOK_AGAIN = 0.001
"""Real seconds between two looks at gevent's threads."""

_Ready = list[tuple[SelectorKey, int]]
_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


class HubSelector(GeventSelector):  # type: ignore[misc]
    """A selector that waits in gevent's hub, and that a greenlet can wake."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = False
        self._woken = False

    def select(self, timeout: float | None = None) -> _Ready:
        """Let greenlets run until a file is ready, *timeout* seconds pass, or somebody calls `wake`."""
        self._waiting, self._woken = True, False
        try:
            return self._wait(timeout)
        finally:
            self._waiting = False

    def wake(self) -> None:
        """End the `select` that is under way, if one is."""
        if self._waiting:
            self._woken = True
            self._ready.set()

    def register(self, fileobj: Any, events: int, data: Any = None) -> SelectorKey:
        """Watch a file. gevent starts to watch it only on the next ``select``, so end the present one."""
        key: SelectorKey = super().register(fileobj, events, data)
        self.wake()
        return key

    def _wait(self, timeout: float | None) -> _Ready:
        ready: _Ready = super().select(timeout)
        return ready


class VirtualSelector(HubSelector):
    """A selector that never waits for a timer: when all is quiet, it moves its own clock there."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.holds = 0

    def _wait(self, timeout: float | None) -> _Ready:
        if timeout is None or timeout <= 0:
            return super()._wait(timeout)
        if self.holds:
            return super()._wait(None)
        if self._gevent_threads():
            return super()._wait(_LOOK_AGAIN)
        ready = super()._wait(0)
        if ready or self._woken:
            return ready
        if self._all_quiet() and not self.holds and not self._gevent_threads():
            self.now += timeout
            return []
        return super()._wait(0)

    def _gevent_threads(self) -> int:
        """How many of gevent's threads work (it looks names up there); they tell a greenlet, and not us."""
        pool = self.hub._threadpool
        return 0 if pool is None else len(pool)

    def _all_quiet(self) -> bool:
        """Let every socket and greenlet have its turn; false as soon as the loop has something to do.

        libev calls an idle watcher of the lowest priority when nothing else at all is pending. On loopback
        what one side has sent is readable on the other at once, so quiet means that nothing is on its way.
        """
        idle = self.hub.loop.idle()
        idle.priority = self.hub.loop.MINPRI
        try:
            for _ in range(_QUIET_ROUNDS):
                gevent.sleep(0)
                idle.start(self._ready.set)
                self._ready.wait()
                idle.stop()
                if self._accumulated_events or self._woken:
                    return False
                self._ready.clear()
        finally:
            idle.stop()
            idle.close()
        return True


class SharedLoop(asyncio.SelectorEventLoop):
    """asyncio's loop on gevent's hub. Greenlets run while it waits, and what they schedule wakes it."""

    def __init__(self, selector: HubSelector | None = None) -> None:
        self._hub_selector = selector or HubSelector()
        super().__init__(self._hub_selector)

    def call_soon(
        self, callback: Callable[[Unpack[_Ts]], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Schedule *callback*, also from a greenlet."""
        handle = super().call_soon(callback, *args, context=context)
        self._hub_selector.wake()
        return handle

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[_Ts]], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Schedule *callback* at the loop's time *when* (seconds), also from a greenlet."""
        handle = super().call_at(when, callback, *args, context=context)
        self._hub_selector.wake()
        return handle


class VirtualLoop(SharedLoop):
    """A shared loop whose clock starts at 0 and jumps to the next timer when nothing else is left to do.

    Sockets, greenlets and callbacks run as ever, and take no time. Work elsewhere holds the clock still: what
    runs in an executor (``asyncio.to_thread``, ``getaddrinfo``) or in gevent's threads by itself, a thread or
    a process of your own when you say so with `hold`. Only the loop's timers are virtual: ``gevent.sleep``
    and ``time.monotonic`` are not.
    """

    def __init__(self) -> None:
        self._clock = VirtualSelector()
        super().__init__(self._clock)

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._clock.now

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep the clock from jumping, for work that this loop cannot see."""
        self._clock.holds += 1
        try:
            yield
        finally:
            self._release()

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[_Ts]], _T], *args: *_Ts
    ) -> asyncio.Future[_T]:
        """Run *func* in a thread; the clock stands still until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self._clock.holds += 1
        future.add_done_callback(lambda _done: self._release())
        return future

    async def shutdown_default_executor(self, *timeout: float | None) -> None:
        """Wait for the threads of the default executor; a time-out on it (3.12) must not jump to its end."""
        with self.hold():
            await super().shutdown_default_executor(*timeout)

    def _release(self) -> None:
        self._clock.holds -= 1
        self._clock.wake()


def shared_loop() -> asyncio.AbstractEventLoop:
    """Return a new loop on gevent's hub: the ``loop_factory`` of ``asyncio.Runner``."""
    return SharedLoop()


def virtual_loop() -> VirtualLoop:
    """Return a new loop on gevent's hub with a virtual clock, for demonstrations and tests."""
    return VirtualLoop()

"""The writer's thread."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from threading import Event

import pytest

from ivr_fsm.journal.thread import OneThread


def test_one_thing_after_another() -> None:
    thread, done = OneThread("test"), []
    futures = [thread.submit(done.append, number) for number in range(100)]
    thread.shutdown()
    assert futures[-1].result(10) is None
    assert done == list(range(100))


def test_what_fails_fails_alone() -> None:
    thread = OneThread("test")
    failing, sound = thread.submit(int, "no number"), thread.submit(int, "7")
    thread.shutdown()
    with pytest.raises(ValueError, match="no number"):
        failing.result(10)
    assert sound.result(10) == 7


def test_a_thread_that_never_ends_does_not_keep_the_process() -> None:
    stuck = (
        "from ivr_fsm.journal.thread import OneThread; import time; OneThread('t').submit(time.sleep, 600)"
    )
    subprocess.run([sys.executable, "-c", stuck], timeout=60, check=True)


def test_what_is_given_up_before_its_turn_is_not_done_and_the_rest_is() -> None:
    thread, done, go_on = OneThread("test"), [], Event()
    thread.submit(go_on.wait, 10)
    given_up, last = thread.submit(done.append, "given up"), thread.submit(done.append, "last")
    assert given_up.cancel()
    go_on.set()
    thread.shutdown()
    assert last.result(10) is None
    assert done == ["last"]


async def test_it_is_finished_once() -> None:
    thread, done = OneThread("test"), []
    await thread.finish(lambda: done.append("last"), 10)
    async with asyncio.timeout(10):
        await thread.finish(lambda: done.append("again"), 60)
    assert done == ["last"]

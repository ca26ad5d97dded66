"""The process that makes pages: it is slow, it dies, it is left behind."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr_fsm.web.inspector import clerk, made
from ivr_fsm.web.inspector.archive import Shelf
from ivr_fsm.web.inspector.clerk import Busy, Clerk
from ivr_fsm.web.inspector.look import Look


@pytest.fixture
async def made_by(tmp_path: Path) -> AsyncIterator[Clerk]:
    hired = Clerk(Shelf(f"sqlite:///{tmp_path}/none.db", "Europe/Moscow"))
    yield hired
    hired.close()


async def test_it_is_one_process_that_is_not_ours(made_by: Clerk) -> None:
    made_by.start()
    pids = {await made_by.ask(os.getpid) for _ in range(3)}
    assert len(pids) == 1
    assert os.getpid() not in pids
    assert await made_by.ask(os.nice, 0) >= made.NICE, "calls come first"


async def test_what_takes_too_long_ends_and_whoever_waited_for_it_may_come_again(
    made_by: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = await made_by.ask(os.getpid)
    monkeypatch.setattr(clerk, "LONGEST", 1.0)
    first = asyncio.ensure_future(made_by.ask(time.sleep, 3600))
    await asyncio.sleep(0)
    monkeypatch.setattr(clerk, "LONGEST", 60.0)
    waiting = [made_by.ask(os.getpid) for _ in range(6)]
    came = await asyncio.gather(first, *waiting, return_exceptions=True)
    assert [type(each) for each in came] == [Busy] * 7
    assert await made_by.ask(os.getpid) != pid


async def test_a_process_that_cannot_be_begun_shuts_nobody_out(
    made_by: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_more_files(*_: object, **__: object) -> None:
        raise OSError("too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(clerk, "ProcessPoolExecutor", no_more_files)
        for _ in range(clerk.AT_ONCE + 1):
            with pytest.raises(OSError, match="too many open files"):
                await made_by.ask(os.getpid)
    assert await made_by.ask(os.getpid) != os.getpid()


async def test_whoever_waits_while_it_dies_may_come_again(made_by: Clerk) -> None:
    pid = await made_by.ask(os.getpid)
    waiting = [asyncio.ensure_future(made_by.ask(time.sleep, 3600)) for _ in range(6)]
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    came = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each) for each in came] == [Busy] * 6
    assert await made_by.ask(os.getpid) != pid


async def test_too_many_at_once(made_by: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clerk, "AT_ONCE", 3)
    came = await asyncio.gather(*(made_by.ask(os.getpid) for _ in range(5)), return_exceptions=True)
    assert [isinstance(each, Busy) for each in came] == [False, False, False, True, True]
    assert await made_by.ask(int) == 0, "they do not count any more"


async def test_what_somebody_does_not_wait_for_any_more_stops_nobody(made_by: Clerk) -> None:
    impatient = asyncio.ensure_future(made_by.ask(time.sleep, 0.2))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await made_by.ask(int) == 0
    assert impatient.cancelled()


async def test_what_fails_there_fails_here_and_the_process_goes_on(made_by: Clerk) -> None:
    pid = await made_by.ask(os.getpid)
    with pytest.raises(FileNotFoundError):
        await made_by.ask(os.stat, "/nowhere")
    assert await made_by.ask(os.getpid) == pid


async def test_a_journal_that_is_not_there_is_a_page(made_by: Clerk) -> None:
    page = await made_by.ask(made.calls_page, Look(), {})
    assert page.status == 503


_PARENT = """
import asyncio, os, sys
from ivr_fsm.web.inspector.archive import Shelf
from ivr_fsm.web.inspector.clerk import Clerk

async def main():
    clerk = Clerk(Shelf("sqlite:///none.db", "UTC"))
    print(await clerk.ask(os.getpid), flush=True)
    sys.stdin.read()

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_it_goes_with_a_service_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(_PARENT)
    # It says on stderr that its parent has left locks behind.
    parent = subprocess.Popen(
        [sys.executable, script],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert parent.stdin
    assert parent.stdout
    pid = int(parent.stdout.readline())
    child = os.pidfd_open(pid)
    try:
        parent.kill()
        parent.wait(timeout=30)
        # Readable when it has ended; it is nobody's child now, so there is nothing else to wait for.
        ended = select.select([child], [], [], 30)[0]
        if not ended:
            os.kill(pid, signal.SIGKILL)
        assert ended, "it is left behind"
    finally:
        os.close(child)
        parent.stdin.close()
        parent.stdout.close()

"""The stub's faults: each costs a call its name and nothing else."""

from __future__ import annotations

import pytest
from aiohttp import web

from ivr_fsm.app import EXAMPLES
from ivr_fsm.directory.contract import NOBODY
from ivr_fsm.directory.faulty import Fault
from ivr_fsm.directory.file import FileDirectory
from ivr_fsm.directory.http import HttpDirectory
from ivr_fsm.directory.port import DirectoryError
from ivr_fsm.directory.stub import Stub

pytestmark = pytest.mark.virtual


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.SLOW, "no answer within 1.8 s"),
        (Fault.ERROR, "500"),
        (Fault.GARBAGE, "the answer is not JSON"),
        (Fault.TYPES, "name: must be text"),
        (Fault.CUT, "identify: "),
    ],
)
async def test_an_answer_is_wrong(fault: Fault, said: str) -> None:
    lines: list[str] = []
    stub = Stub(FileDirectory(EXAMPLES / "directory.toml"), "token", say=lines.append, fault=fault)
    runner = web.AppRunner(stub.app(), access_log=None, shutdown_timeout=0.01, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    directory = HttpDirectory(f"http://127.0.0.1:{runner.addresses[0][1]}", "token")
    with pytest.raises(DirectoryError) as raised:
        await directory.identify(NOBODY)
    assert said in str(raised.value)
    assert lines and all(line.endswith(f"/caller → {fault}") for line in lines)
    await directory.close()
    await runner.cleanup()

"""``ivr-fsm inspect``, as somebody uses it who has a journal and no service."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.cli.book import Book
from tests.cli.conftest import Run
from tests.flow.clock import ORDER, PHONE

from ivr_fsm.cli.inspecting import beside
from ivr_fsm.settings import Settings

IVR_INSPECT = (sys.executable, "-c", "from ivr_fsm.cli import app; app()", "inspect")


@contextmanager
def inspected(book: Book, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run it; the process, and the address that it says."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IVR_")}
    process = subprocess.Popen(
        [*IVR_INSPECT, "--journal", book.url, "--port", "0", *options],
        cwd=book.folder,
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    said = process.stdout.readline()
    found = re.search(r"http://\S+/calls", said)
    try:
        assert found, said
        yield process, found[0]
    finally:
        process.kill()
        process.communicate()


def page(address: str) -> str:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return str(answer.read().decode())


@pytest.mark.parametrize("ends_it", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_the_pages_until_it_is_ended(book: Book, ends_it: signal.Signals) -> None:
    call = book.begin()
    call.identified(ORDER)
    call.hangs_up()
    with inspected(book) as (process, address):
        assert PHONE in page(address)
        assert f">{call.id}<" in page(f"{address}/{call.id}")
        process.send_signal(ends_it)
        output, _ = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "Traceback" not in output


def test_a_journal_that_there_is_not(run: Run, tmp_path: Path) -> None:
    result = run("inspect", "--journal", f"sqlite:///{tmp_path}/no.db")
    assert result.exit_code == 2
    assert "no.db" in result.stderr
    assert not (tmp_path / "no.db").exists()


def test_no_journal_is_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_JOURNAL", "none")
    result = run("inspect")
    assert (result.exit_code, "IVR_JOURNAL" in result.stderr) == (2, True)


def test_a_port_that_is_taken(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("inspect", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 2
    assert "--port" in result.stderr
    assert "Traceback" not in result.stderr


def test_beside_something_else_any_port_will_do(book: Book) -> None:
    book.begin().hangs_up()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with beside(Settings(journal=book.url, web_port=port)) as address:
            assert f":{port}/" not in address
            assert PHONE in page(address)
    with pytest.raises(OSError, match="refused"):
        page(address)

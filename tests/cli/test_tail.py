"""``ivr-fsm tail``: calls as they move."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from datetime import UTC, timedelta
from pathlib import Path
from select import select

import pytest
from rich.console import Console
from tests.cli.book import Book
from tests.cli.conftest import Run
from tests.flow.clock import NOON, ORDER

from ivr_fsm.cli import tailing
from ivr_fsm.cli.tailing import begin, look
from ivr_fsm.flow.events import PromptFinished
from ivr_fsm.journal.follower import Follower
from ivr_fsm.story.view import View


class Looking:
    """What a tail prints, look by look."""

    def __init__(self, book: Book, *, every: bool = False, keys: set[int] | None = None) -> None:
        self.follower = Follower(book.reader, book.reader.last_id())
        self.every, self.keys, self.away = every, keys or set(), ""

    def __call__(self) -> list[str]:
        out = io.StringIO()
        self.away = look(
            Console(file=out, width=100),
            self.follower,
            View(UTC),
            self.keys,
            every=self.every,
            away=self.away,
        )
        return out.getvalue().splitlines()


def test_a_line_for_each_step_that_moves_a_call(book: Book) -> None:
    live = book.begin()
    looking = Looking(book)
    live.identified(ORDER)
    live.send(PromptFinished("FW9-9"))
    [line] = looking()
    assert line.startswith(
        "09:00:00.0 0f7e1a52 +79161234567 greeting            a customer: Иван, order 10542"
    )
    assert line.endswith("no: the caller is a partner shop (an order)")
    live.prompt_ends()
    [line] = looking()
    assert "menu" in line
    assert looking() == []


def test_all_shows_the_others_too(book: Book) -> None:
    looking = Looking(book, every=True)
    book.begin().identified(ORDER).send(PromptFinished("FW9-9"))
    assert len(looking()) == 3


def test_only_one_call(book: Book) -> None:
    book.begin("aaaa1111")
    looking = Looking(book, keys={book.reader.call("aaaa")[0].key})
    book.begin("bbbb2222").identified(ORDER)
    assert looking() == []


def test_a_journal_that_is_away_is_told_once(book: Book) -> None:
    live = book.begin()
    looking = Looking(book)
    live.identified(ORDER)
    with book.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE steps RENAME TO hidden")
    assert " ".join(looking()).endswith("waiting until it is back")
    assert looking() == []
    with book.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO steps")
    back, step = looking()
    assert back == "the journal is back; nothing is left out"
    assert "greeting" in step


def test_an_unknown_call(book: Book, run: Run) -> None:
    assert "no call's id begins with 'ffff'" in run("tail", "--call", "ffff").stderr


def test_ctrl_c_ends_it_quietly(book: Book, tmp_path: Path) -> None:
    # Whoever is started in the background ignores Ctrl-C, and whom they start inherits that.
    program = (
        "import signal as s; s.signal(s.SIGINT, s.default_int_handler)\nfrom ivr_fsm.cli import app; app()"
    )
    with subprocess.Popen(
        [sys.executable, "-u", "-c", program, "tail", "--journal", book.url],
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout
        try:
            line = ""
            # Calls begin until one is seen: only then is it known to be following.
            for _ in range(200):
                book.begin().identified(ORDER)
                if select([running.stdout], [], [], 0.1)[0]:
                    line = running.stdout.readline()
                    break
            running.send_signal(signal.SIGINT)
            _, stderr = running.communicate(timeout=20)
        finally:
            running.kill()
    assert "0f7e1a52" in line
    assert stderr == "following the calls of the journal; Ctrl-C ends\n"
    assert running.returncode == 0


def test_it_begins_with_where_the_calls_that_are_on_are(book: Book) -> None:
    over = book.begin("aaaa1111").identified(ORDER)
    over.hangs_up()
    for minute, each in enumerate(("bbbb2222", "cccc3333")):
        live = book.begin(each, at=NOON + timedelta(minutes=minute)).identified(ORDER)
        live.send(PromptFinished("FW9-9"))
    out = io.StringIO()
    begin(Console(file=out, width=100), book.reader, View(UTC), [])
    first, second = out.getvalue().splitlines()
    assert "bbbb2222" in first and "cccc3333" in second
    assert "greeting            a customer" in first
    out = io.StringIO()
    begin(Console(file=out, width=100), book.reader, View(UTC), book.reader.call("bbbb"))
    assert len(out.getvalue().splitlines()) == 1


def test_it_begins_with_the_chosen_call_however_many_are_on(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tailing, "MOST", 1)
    for minute, each in enumerate(("bbbb2222", "cccc3333")):
        book.begin(each, at=NOON + timedelta(minutes=minute)).identified(ORDER)
    out = io.StringIO()
    begin(Console(file=out, width=100), book.reader, View(UTC), book.reader.call("bbbb"))
    assert "bbbb2222" in out.getvalue()


@pytest.mark.parametrize("empty", [True, False])
def test_it_begins_at_the_end(book: Book, empty: bool) -> None:
    if not empty:
        book.begin().identified(ORDER)
    assert Looking(book)() == []

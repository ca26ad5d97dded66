"""A journal, and the command line over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cli.book import Book
from typer.testing import CliRunner, Result

from ivr_fsm.cli import app

Run = Callable[..., Result]

DRAWN = ("calls", "show", "replay")
"""Commands that keep to the width of the terminal."""


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    made = Book(tmp_path)
    yield made
    made.close()


@pytest.fixture
def run(book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in an empty folder, at 100 columns, without colour."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("IVR_JOURNAL", book.url)

    def runs(*arguments: str) -> Result:
        result = CliRunner().invoke(app, list(arguments))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        if arguments[0] in DRAWN:
            lines = (line for line in result.stdout.splitlines() if not line.startswith("{"))
            assert all(len(line) <= 100 for line in lines)
        return result

    return runs

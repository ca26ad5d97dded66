"""Keeping the journal from the command line: files, forgetting, pruning, migrations."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.book import Book
from tests.cli.conftest import Run
from tests.flow.clock import ORDER, PHONE
from typer.testing import CliRunner

from ivr_fsm.cli import app
from ivr_fsm.flow import events
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.files import read_file
from ivr_fsm.journal.reader import Wanted

NOW = datetime.now(UTC)
ID = "0f7e1a52-5b1c-4a3e-9d0e-2a7a3f6f1c11"


def play(book: Book, begins: str = "0f7e1a52", days: float = 1, *, over: bool = True) -> None:
    call = book.begin(begins, at=NOW - timedelta(days=days))
    call.identified(ORDER)
    if over:
        call.hangs_up()
        for leg in list(call.call.legs):
            call.send(events.LegEnded(leg, "NORMAL_CLEARING"))


def test_export_leaves_the_person_out_unless_told_otherwise(book: Book, run: Run, tmp_path: Path) -> None:
    play(book)
    result = run("export", "last")
    assert result.exit_code == 0, result.output
    file = tmp_path / f"{ID}.json"
    assert f"{ID}.json: " in result.output and "without personal data" in result.output
    assert (PHONE in file.read_text("utf-8"), file.stat().st_mode & 0o777) == (False, 0o600)
    assert run("export", ID[:6], "--personal", "--to", "with.json").exit_code == 0
    assert PHONE in (tmp_path / "with.json").read_text("utf-8")
    assert run("replay", "with.json").exit_code == run("replay", file.name).exit_code == 0


def test_a_file_that_others_could_read_is_ours_afterwards(book: Book, run: Run, tmp_path: Path) -> None:
    play(book)
    file = tmp_path / "with.json"
    file.write_text("something longer than nothing", "utf-8")
    file.chmod(0o644)
    assert run("export", "last", "--personal", "--to", file.name).exit_code == 0
    assert (PHONE in file.read_text("utf-8"), file.stat().st_mode & 0o777) == (True, 0o600)


def test_export_to_the_screen_is_the_file_alone(book: Book, run: Run) -> None:
    play(book)
    result = CliRunner().invoke(app, ["export", "last", "--to", "-"])
    assert json.loads(result.stdout)["call"]["call"] == ID


def test_export_says_where_it_cannot_write(book: Book, run: Run) -> None:
    play(book)
    result = run("export", "last", "--to", "no/such/folder/x.json")
    assert (result.exit_code, "no/such/folder/x.json: " in result.output) == (2, True)


def test_import_says_of_each_file_what_came_of_it(
    book: Book, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(book)
    assert run("export", "last", "--to", "good.json").exit_code == 0
    (tmp_path / "bad.json").write_text("{", "utf-8")
    monkeypatch.setenv("IVR_JOURNAL", f"sqlite:///{tmp_path}/other.db")
    assert run("migrate").exit_code == 0
    result = run("import", "good.json", "bad.json", "missing.json", "good.json")
    assert result.exit_code == 2
    lines = [line.split(": ", 1)[1] for line in result.stdout.splitlines()]
    steps = len(read_file(tmp_path / "good.json").steps)
    assert lines == [f"{ID}: {steps} steps", f"{ID}: is in the journal already"]
    assert "bad.json: is no JSON" in result.stderr
    assert "missing.json: there is no such file" in result.stderr
    assert ID[:8] in run("calls").output


def test_forget_shows_what_it_will_do_and_asks(book: Book, run: Run) -> None:
    play(book)
    asked = run("forget", "8 916 123-45-67")
    assert asked.exit_code == 1
    assert f"{PHONE} made 1 call (" in asked.output
    assert "Remove this person?" in asked.output
    assert book.reader.calls(Wanted())[0].phone == PHONE


def test_forget_says_what_it_removed_and_what_it_left(
    book: Book, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(book)
    play(book, "1f7e1a52", 0.01, over=False)
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    (recordings / f"{ID}.wav").touch()
    monkeypatch.setenv("IVR_RECORDINGS", str(recordings))
    result = run("forget", "79161234567", "--yes")
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "removed all of theirs from 1 call that they made" in said
    assert "1 recording deleted" in said
    assert "left: 1 call that may still be on" in said
    assert "log lines" in said
    assert list(recordings.iterdir()) == []
    assert sorted(call.phone for call in book.reader.calls(Wanted())) == ["", PHONE]
    assert run("show", ID[:6]).exit_code == 0
    assert "nothing to remove" in run("forget", PHONE, "--yes").output


def test_forget_empties_the_cache_of_spoken_announcements(book: Book, run: Run, tmp_path: Path) -> None:
    play(book)
    cache = tmp_path / "var" / "speech"
    cache.mkdir(parents=True)
    for name in (f"{1:032x}.wav", f"{2:032x}.{3:032x}.part", "notes.txt"):
        (cache / name).touch()
    said = " ".join(run("forget", PHONE, "--yes").output.split())
    assert "removed 2 spoken announcements from var/speech" in said
    assert [file.name for file in cache.iterdir()] == ["notes.txt"]


def test_forget_tells_of_a_number_of_the_plan(book: Book, run: Run) -> None:
    call = book.begin(at=NOW - timedelta(days=1))
    call.identified(ORDER)
    call.press("2")
    call.hangs_up()
    for leg in list(call.call.legs):
        call.send(events.LegEnded(leg, "NORMAL_CLEARING"))
    said = " ".join(run("forget", "+7 495 111-00-11", "--yes").output.split())
    assert "nothing to remove" in said
    assert "left: the number in 1 call by whose plan it was rung" in said


def test_forget_wants_a_phone(book: Book, run: Run) -> None:
    result = run("forget", "Иван")
    assert (result.exit_code, "is not a phone number" in result.output) == (2, True)


def test_prune_says_what_it_would_remove_and_then_removes_it(
    book: Book, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(book, days=1)
    play(book, "1f7e1a52", 100)
    play(book, "2f7e1a52", 400)
    monkeypatch.setenv("IVR_RECORDINGS", str(tmp_path))
    (tmp_path / f"{ID}.wav").touch()
    os.utime(tmp_path / f"{ID}.wav", (0, 0))
    before = run("prune", "--dry-run").output
    assert "would remove 1 call with" in before and "would remove the personal data of 1 call older" in before
    assert "would remove 1 recording older" in before
    assert book.reader.count(Wanted()) == 3
    assert run("prune").output == before.replace("would remove", "removed")
    assert book.reader.count(Wanted()) == 2
    assert "nothing is too old" in run("prune").output


def test_prune_says_what_it_could_not_remove(book: Book, run: Run) -> None:
    with book.store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE gaps")
    result = run("prune")
    assert (result.exit_code, "gaps that are too old are still there: no such table" in result.output) == (
        2,
        True,
    )


def test_migrate_says_from_where_to_where(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "sqlite:///new.db"
    assert "new, version " in run("migrate", "--journal", url).output
    assert "already" in run("migrate", "--journal", url).output
    monkeypatch.setenv("IVR_JOURNAL", "none")
    assert run("migrate").exit_code == 2


@pytest.mark.parametrize(
    "command", [["prune"], ["forget", PHONE, "--yes"], ["import", "x.json"], ["export", "last"]]
)
def test_without_a_journal_there_is_a_message(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("IVR_JOURNAL", f"sqlite:///{tmp_path}/nowhere.db")
    result = run(*command)
    assert (result.exit_code, "there is no journal" in result.output) == (2, True)


def test_check_opens_the_journal_and_does_not_make_it(
    book: Book, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "IVR_JOURNAL" not in CliRunner().invoke(app, ["check"]).output
    monkeypatch.setenv("IVR_JOURNAL", f"sqlite:///{tmp_path}/deep/inside/journal.db")
    assert "IVR_JOURNAL" not in CliRunner().invoke(app, ["check"]).output
    assert not (tmp_path / "deep").exists()


def test_check_names_what_is_wrong_with_the_journal(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text.db").write_text("this is no database, but long enough to be looked at", "utf-8")
    newer = open_engine(f"sqlite:///{tmp_path}/newer.db")
    run("migrate", "--journal", f"sqlite:///{tmp_path}/newer.db")
    with newer.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    newer.dispose()
    for url, why in (
        ("mysql://host/name", "must be a file of SQLite or a PostgreSQL"),
        (f"sqlite:///{tmp_path}/text.db", "not a database"),
        (f"sqlite:///{tmp_path}/text.db/journal.db", "cannot be made"),
        (f"sqlite:///{tmp_path}/newer.db", "9999"),
        ("postgresql://127.0.0.1:1/name", "127.0.0.1"),
    ):
        monkeypatch.setenv("IVR_JOURNAL", url)
        result = CliRunner().invoke(app, ["check"])
        said = " ".join(result.output.split())
        assert result.exit_code == 1
        assert "IVR_JOURNAL: " in said and why in said

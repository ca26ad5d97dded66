"""The journal's database: its migrations, and every way in which it cannot be used."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event, inspect, text
from sqlalchemy.exc import OperationalError
from tests.journal.conftest import Database
from tests.postgres import PASSWORD, PostgreSQL

from ivr_fsm.journal.database import (
    JournalError,
    check_version,
    checkpoint,
    migrate,
    open_engine,
    reason,
    shown,
)
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.journal.tables import METADATA

ROOT = Path(__file__).parents[2]


def test_migrated_from_nothing_the_tables_are_those_of_the_code(empty: Database) -> None:
    migrate(empty.engine())
    with empty.engine().connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    check_version(empty.engine())


def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.engine().begin() as connection:
        connection.execute(text("INSERT INTO plans VALUES ('r', 1, '{}')"))
    migrate(database.engine())
    with database.engine().connect() as connection:
        assert connection.execute(text("SELECT revision FROM plans")).all() == [("r",)]


def test_live_calls_are_found_in_an_index_of_theirs(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/journal.db")
    migrate(engine)
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    Reader(engine).calls(Wanted(live=True))
    [query] = asked
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", (50, 0)).all()
    engine.dispose()
    assert "calls_live" in str(plan)


STARTER = """
import sys
from ivr_fsm.journal.database import migrate, open_engine
engine = open_engine(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
migrate(engine)
"""


def test_instances_that_start_at_once_all_find_the_tables(empty: Database) -> None:
    command = [sys.executable, "-c", STARTER, empty.url]
    starting = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for process in starting:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    for process in starting:
        assert process.stdin is not None
        process.stdin.write(b"now\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[1] for process in starting] == [b"", b"", b""]
    check_version(empty.engine())


def test_a_newer_journal_is_refused_and_says_what_to_do(database: Database) -> None:
    with database.engine().begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for use in (migrate, check_version):
        with pytest.raises(JournalError, match="is of version 9999, which this ivr-fsm does not know"):
            use(database.engine())


def test_a_reader_makes_no_journal(empty: Database) -> None:
    with pytest.raises(JournalError, match="ivr-fsm serve or ivr-fsm migrate makes it"):
        check_version(empty.engine())
    assert inspect(empty.engine()).get_table_names() == []


def test_an_older_journal_says_how_it_is_brought_on(database: Database) -> None:
    with database.engine().begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    with pytest.raises(JournalError, match="ivr-fsm migrate"):
        check_version(database.engine())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "journal.db",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://host/name",
        "postgresql://host:port/name",
        f"oracle://somebody:{PASSWORD}@host/name?password={PASSWORD}",
        f"postgresql://ivr:x@{PASSWORD}@host/name",
        f"mysql://ivr:x@{PASSWORD}@host/name",
    ],
)
def test_what_is_no_url_of_a_journal(url: str) -> None:
    with pytest.raises(JournalError, match=r"^IVR_JOURNAL ") as raised:
        open_engine(url)
    assert PASSWORD not in str(raised.value)


def _is_told_in_one_line(url: str) -> str:
    """Return why a journal at *url* cannot be used, whoever tries to."""
    said = []
    for use in (migrate, check_version):
        with pytest.raises(JournalError) as raised:
            use(open_engine(url))
        said.append(str(raised.value))
    assert said[0] == said[1]
    assert said[0].isprintable()
    assert "Background on this error" not in said[0]
    return said[0]


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("what I wanted to say\n" * 100, "utf-8")
    assert "file is not a database" in _is_told_in_one_line(f"sqlite:///{file}")
    assert file.read_text("utf-8").startswith("what I wanted to say")


def test_the_hint_for_signs_in_a_password() -> None:
    with pytest.raises(JournalError, match="an @ is written %40"):
        open_engine("postgresql://ivr:a@b@host/name")
    assert open_engine("postgresql://ivr:a%40b@host/name").url.password == "a@b"


@pytest.mark.parametrize("table", ["calls", "notes"])
def test_a_database_of_somebody_else(tmp_path: Path, table: str) -> None:
    url = f"sqlite:///{tmp_path}/other.db"
    with open_engine(url).begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {table} (x)")
    assert f"is somebody else's: no ivr-fsm has made its table {table}" in _is_told_in_one_line(url)


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    assert "unable to open database file" in _is_told_in_one_line(f"sqlite:///{tmp_path}")


def test_a_file_with_signs_of_a_url_in_its_name(tmp_path: Path) -> None:
    migrate(open_engine(f"sqlite:///{tmp_path}/50%25 a%3Fb.db"))
    assert [file.name for file in tmp_path.glob("*.db")] == ["50% a?b.db"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="/proc is a folder that nobody can write to")
def test_a_folder_that_cannot_be_written_to() -> None:
    assert "unable to open database file" in _is_told_in_one_line("sqlite:////proc/journal.db")
    with pytest.raises(JournalError, match=r"^the journal /proc/here/journal.db: "):
        open_engine("sqlite:////proc/here/journal.db")


def test_a_file_that_is_wanted_and_not_there(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"there is no journal .*; IVR_JOURNAL or --journal"):
        open_engine(f"sqlite:///{tmp_path}/other.db", must_exist=True)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_password_is_not_told(server: PostgreSQL) -> None:
    said = _is_told_in_one_line(server.url(password="wr0ng"))
    assert "password authentication failed" in said
    assert "wr0ng" not in said


def test_a_database_that_does_not_exist(server: PostgreSQL) -> None:
    said = _is_told_in_one_line(server.url("nowhere"))
    assert 'database "nowhere" does not exist' in said
    assert PASSWORD not in said


def test_an_option_that_does_not_exist(server: PostgreSQL) -> None:
    assert "colour" in _is_told_in_one_line(f"{server.url()}?colour=red&password={PASSWORD}")


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        said = _is_told_in_one_line(f"postgresql://127.0.0.1:{taken.getsockname()[1]}/journal")
    assert "refused" in said


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that lets everybody in and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"postgresql://somebody:{PASSWORD}@127.0.0.1:{listening.getsockname()[1]}/journal"


def test_a_server_that_says_nothing_is_not_waited_for_without_end(silent: str) -> None:
    assert open_engine(silent).url.query["connect_timeout"] == "5"
    with pytest.raises(JournalError, match="timeout"):
        migrate(open_engine(f"{silent}?connect_timeout=2"))


def _serve(tmp_path: Path, journal: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from ivr_fsm.cli import app; app()", "serve"],
        cwd=tmp_path,
        env={"IVR_JOURNAL": journal, "IVR_PORT": "0", "IVR_PROMPTS": str(ROOT / "prompts"), "PATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_service_does_not_start_without_its_journal(tmp_path: Path, silent: str) -> None:
    reasons = {
        "sqlite:///:memory:": "IVR_JOURNAL must be a file",
        f"sqlite:///{tmp_path}": f"the journal sqlite:///{tmp_path}: unable to open database file",
        f"{silent}?connect_timeout=2": "timeout",
    }
    starting = [_serve(tmp_path, journal) for journal in reasons]
    for process, why in zip(starting, reasons.values(), strict=True):
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 2, errors
        assert why in errors.splitlines()[0]
        assert "Traceback" not in errors
        assert PASSWORD not in output + errors


def test_what_a_database_says_is_one_printable_line() -> None:
    error = OperationalError("INSERT secret", {}, Exception("no\nroom\x1b[2J  left"))
    assert reason(error) == "no room\ufffd[2J left"


def test_a_journal_is_shown_without_its_secrets() -> None:
    engine = open_engine(f"postgresql://ivr:{PASSWORD}@host/name?password={PASSWORD}")
    assert shown(engine) == "postgresql://ivr:***@host/name"


def test_nobody_else_reads_the_file_of_sqlite(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/journal.db")
    migrate(engine)
    with engine.connect():
        modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    engine.dispose()
    assert modes["journal.db"] == 0o600
    assert set(modes.values()) == {0o600}


def test_a_reader_keeps_the_log_and_nobody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr_fsm.journal.database.LOCK_WAIT", 3600.0)
    engine = open_engine(f"sqlite:///{tmp_path}/journal.db")
    migrate(engine)
    done: list[bool] = []

    def move() -> None:
        with engine.connect() as connection:
            done.append(checkpoint(connection, "RESTART"))

    def move_in_time() -> bool:
        mover = Thread(target=move, daemon=True)
        mover.start()
        mover.join(30)
        assert done, "the writer would have waited for the reader, too"
        return done.pop()

    with engine.connect() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT * FROM plans").all()
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO plans VALUES ('r', 1, '{}')"))
        assert not move_in_time()
    assert move_in_time()
    engine.dispose()

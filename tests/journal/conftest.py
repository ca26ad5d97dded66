"""The journal's databases: every test that asks for one runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from tests.postgres import MISSING, PostgreSQL, postgresql

from ivr_fsm.journal.database import migrate, open_engine
from ivr_fsm.journal.reader import Reader


@pytest.fixture(scope="session")
def server() -> Iterator[PostgreSQL]:
    with postgresql() as running:
        if running is None:
            pytest.skip(MISSING)
        yield running


@dataclass
class Database:
    """A journal's database, as somebody else than its writer sees it."""

    url: str
    engines: list[Engine] = field(default_factory=list)

    @property
    def is_postgresql(self) -> bool:
        return self.url.startswith("postgresql")

    def engine(self) -> Engine:
        self.engines.append(open_engine(self.url))
        return self.engines[-1]

    def reader(self) -> Reader:
        return Reader(self.engine())

    def lock(self) -> Callable[[], None]:
        """Keep everybody from writing; return what ends that."""
        connection = self.engine().connect()
        said = "LOCK TABLE steps IN ACCESS EXCLUSIVE MODE" if self.is_postgresql else "BEGIN EXCLUSIVE"
        connection.execute(text(said))
        return connection.close


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with nothing in it."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/journal.db"
    else:
        url = request.getfixturevalue("server").new_database()
    database = Database(url)
    yield database
    for engine in database.engines:
        engine.dispose()


@pytest.fixture
def database(empty: Database) -> Database:
    """A journal's database with its tables."""
    migrate(empty.engine())
    return empty


@pytest.fixture
def journal_url(empty: Database) -> str:
    """The URL of a journal that does not exist yet."""
    return empty.url

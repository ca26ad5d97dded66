"""A journal of many calls: how long it takes to find some, to read one, and how large it is."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine, func, select

from ivr_fsm import logs
from ivr_fsm.demo.run import play
from ivr_fsm.demo.scenarios import SCENARIOS
from ivr_fsm.esl.loop import virtual_loop
from ivr_fsm.journal.database import migrate, open_engine
from ivr_fsm.journal.page import new_key
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.journal.rows import Row
from ivr_fsm.journal.tables import CALLS, STEPS, moment
from tests.bench.pages import measure_pages

PROMPTS = Path(__file__).parents[2] / "prompts"
A_DAY = 90
"""Calls a day, as in the story."""
CHUNK = 500
"""Calls that are written in one transaction."""
AGAIN = 7
"""How often each question is asked, with other values each time."""
Recorded = tuple[Row, list[Row]]
"""A call and its steps."""
NEWEST = datetime(2026, 6, 1, 9, tzinfo=UTC)


@dataclass
class Archive:
    """What came of it.

    Attributes:
        calls, steps: how many there are.
        size: bytes of the database for each call.
        asked: the milliseconds of each question, by its words.
        pages: the milliseconds of each page of the inspector, by its words.
    """

    calls: int
    steps: int = 0
    size: float = 0.0
    asked: dict[str, list[float]] = field(default_factory=dict)
    pages: dict[str, list[float]] = field(default_factory=dict)


def measure_archive(folder: Path, calls: int) -> Archive:
    """Fill a journal with copies of the demo's calls, spread over years, and ask it."""
    engine = open_engine(f"sqlite:///{folder}/archive.db")
    migrate(engine)
    _fill(engine, _recorded(folder, max(4, calls // 1000)), calls)
    done = Archive(calls)
    with engine.connect() as connection:
        done.steps = connection.execute(select(func.count()).select_from(STEPS)).scalar_one()
    done.size = sum(file.stat().st_size for file in folder.glob("archive.db*")) / calls
    chance = random.Random(1)
    for words, ask in _questions(Reader(engine), chance):
        done.asked[words] = [_milliseconds(ask) for _ in range(AGAIN)]
    newest = Reader(engine).calls(Wanted(), 1)[0].call
    for words, arguments in (("calls", ["calls"]), ("show", ["show", newest])):
        command = [str(Path(sys.executable).with_name("ivr-fsm")), *arguments, "--journal", str(engine.url)]
        done.asked[f"the command ivr-fsm {words}, with its start"] = [
            _milliseconds(lambda command=command: subprocess.run(command, check=True, capture_output=True))
            for _ in range(3)
        ]
    done.pages = measure_pages(engine)
    engine.dispose()
    return done


def _questions(reader: Reader, chance: random.Random) -> Iterator[tuple[str, Callable[[], object]]]:
    newest = reader.calls(Wanted(), 500)
    oldest = reader.calls(Wanted(until=NEWEST - timedelta(days=1)), 1) or newest

    def some_call() -> str:
        return chance.choice(newest + oldest).call

    def one_call() -> None:
        [call] = reader.call(some_call()[:13])
        assert reader.steps(call.key)

    day = NEWEST - timedelta(days=chance.randrange(1, 300))
    yield "the newest 50", lambda: reader.calls(Wanted())
    yield "live ones", lambda: reader.calls(Wanted(live=True))
    yield "of one day", lambda: reader.calls(Wanted(since=day, until=day + timedelta(days=1)))
    yield "by outcome", lambda: reader.calls(Wanted(outcome="unanswered"))
    yield "abandoned in the menu", lambda: reader.calls(Wanted(abandoned_in="menu"))
    yield "answered by the office", lambda: reader.calls(Wanted(answered_by="office"))
    yield "by phone", lambda: reader.calls(Wanted(phone=chance.choice(newest).phone or "+70000000000"))
    yield "by some digits of a phone", lambda: reader.calls(Wanted(phone=f"{chance.randrange(10**4):04}"))
    yield "by a phone that never called", lambda: reader.calls(Wanted(phone="00000000000"))
    yield "how many by outcome", lambda: reader.count(Wanted(outcome="answered"))
    yield "one call with its steps", one_call


def _milliseconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000


def _recorded(folder: Path, scenarios: int) -> list[Recorded]:
    """Return the rows of the demo's first *scenarios*."""
    logs.configure("json", level="error")
    url = f"sqlite:///{folder}/recorded.db"
    for scenario in SCENARIOS[:scenarios]:
        with asyncio.Runner(loop_factory=virtual_loop) as runner:
            runner.run(play(scenario, PROMPTS, journal=url, at=NEWEST))
    with open_engine(url).connect() as connection:
        calls = [dict(row) for row in connection.execute(select(CALLS)).mappings()]
        steps = [dict(row) for row in connection.execute(select(STEPS)).mappings()]
    return [(call, [step for step in steps if step["key"] == call["key"]]) for call in calls]


def _fill(engine: Engine, recorded: list[Recorded], count: int) -> None:
    """Write *count* copies. The driver itself does it: two million rows take SQLAlchemy a minute and more."""
    chance = random.Random(2)
    calls, steps = ([column.name for column in table.c if column.name != "id"] for table in (CALLS, STEPS))
    with closing(engine.raw_connection()) as connection:
        for first in range(0, count, CHUNK):
            many = [
                _copied(*chance.choice(recorded), timedelta(days=1) * (count - index) / A_DAY, chance)
                for index in range(first, min(first + CHUNK, count))
            ]
            cursor = connection.cursor()
            cursor.executemany(_insert("calls", calls), [call for call, _ in many])
            cursor.executemany(_insert("steps", steps), [step for _, each in many for step in each])
            connection.commit()
        connection.cursor().execute("ANALYZE")
        connection.commit()


def _insert(table: str, columns: list[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(f':{name}' for name in columns)})"


def _copied(call: Row, steps: list[Row], earlier: timedelta, chance: random.Random) -> tuple[Row, list[Row]]:
    """Return another call that went the same way, from another phone, *earlier*."""
    shift = earlier // timedelta(microseconds=1)
    name, phone = str(UUID(int=chance.getrandbits(128), version=4)), f"+79{chance.randrange(10**9):09}"
    key = new_key(moment(call["started"] - shift))
    new = call | {"call": name, "phone": phone, "key": key}
    for column in ("started", "since", "answered", "ended"):
        new[column] = None if call[column] is None else call[column] - shift
    old_phone = call["phone"] or "no phone"
    return new, [
        step
        | {
            "key": key,
            "at": step["at"] - shift,
            "body": step["body"].replace(call["call"], name).replace(old_phone, phone),
        }
        for step in steps
    ]

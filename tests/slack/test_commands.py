"""The slash command, on a real journal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from shutil import copy
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert

from ivr_fsm.flow.hours import Hours
from ivr_fsm.journal.database import migrate, open_engine
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.reader import Reader
from ivr_fsm.journal.switches import Switches
from ivr_fsm.journal.tables import CALLS, micros
from ivr_fsm.slack.commands import LISTED, OF_A_NUMBER, Asked, Commands
from ivr_fsm.slack.people import People
from ivr_fsm.slack.reporting import Reporting
from ivr_fsm.watch.words import Words
from tests.flow.clock import NOON
from tests.slack.interactions import ANNA, BORIS, CHANNEL, GROUP, Slack, slack

ELSEWHERE = "C09RANDOM"
HOURS = Hours.parse(["mon-fri 09:00-21:00"], "Europe/Moscow")
MINUTE = timedelta(minutes=1)
PHONE = "+79161234567"


class Books:
    """A journal in which calls stand."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._written = 0

    def write(self, **columns: Any) -> str:
        """Write a call, a minute after the last one, and return its id."""
        self._written += 1
        at = micros(NOON + MINUTE * self._written)
        call_id = f"{self._written:08x}-5b1c-4a3e-9d0e-2a7a3f6f1c11"
        row = {column.name: "" for column in CALLS.c if not column.nullable}
        row |= {"key": 3_803_512_000_000_000_000 + self._written, "call": call_id, "instance": "ivr-1"}
        row |= {"started": at, "since": at + 42_000_000, "talk": 0, "phone": PHONE, "state": "menu"}
        with self.engine.begin() as connection:
            connection.execute(insert(CALLS).values(row | columns))
        return call_id

    def over(self, outcome: str = "answered:office", **columns: Any) -> str:
        at = micros(NOON + MINUTE * (self._written + 1))
        answered = {"answered_phone": "74951110011", "answered": at + 10_000_000, "talk": 83_000_000}
        talked = answered if outcome.startswith("answered:") else {}
        return self.write(outcome=outcome, state="ended", ended=at + 93_000_000, **talked, **columns)


class Desk:
    """Somebody who types commands."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def type(self, text: str, user: str = ANNA, channel: str = CHANNEL) -> str:
        return await self._commands.answer(Asked(text, user, channel))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal in which nothing stands yet."""
    file = tmp_path_factory.mktemp("journal") / "journal.db"
    engine = open_engine(f"sqlite:///{file}")
    migrate(engine)
    engine.dispose()
    return file


@pytest.fixture
def books(empty: Path, tmp_path: Path) -> Books:
    return Books(open_engine(f"sqlite:///{copy(empty, tmp_path)}"))


@pytest.fixture
async def there() -> AsyncIterator[Slack]:
    async with slack() as running:
        yield running


@asynccontextmanager
async def typing(
    books: Books,
    there: Slack,
    *people: str,
    language: str = "ru",
    link: str | None = None,
    hours: bool = True,
) -> AsyncIterator[Desk]:
    reporting = Reporting(HOURS if hours else None, Switches(books.engine), lambda: NOON)
    await reporting.start()

    def link_of(call: CallEntry) -> str | None:
        return link and f"{link}/{call.call}"

    commands = Commands(
        Reader(books.engine),
        reporting,
        People(people, there.keys().client()),
        [CHANNEL],
        Words(language),
        zone=ZoneInfo("Europe/Moscow"),
        region="RU",
        link_of=link_of,
    )
    yield Desk(commands)
    await commands.close()
    await reporting.close()


@pytest.mark.parametrize(
    "text", ["", "help", "reportin", "reporting maybe", "reporting on now", "calls all", "<@U01>"]
)
async def test_nonsense_gets_help(books: Books, there: Slack, text: str) -> None:
    async with typing(books, there) as desk:
        assert "`/ivr calls`" in await desk.type(text)


async def test_who_is_on_the_line(books: Books, there: Slack) -> None:
    books.over()
    books.write(name="Иван", order_id="10542", kind="order")
    books.write(phone="", state="dialing_office")
    books.write(kind="partner", shop="Цветы & <!channel>", state="partner_notice", lost=None)
    books.write(lost=micros(NOON))
    async with typing(books, there) as desk:
        title, *said = (await desk.type("calls")).splitlines()
    assert title == "Сейчас на линии: 3"
    assert said[0].startswith("12:04:00 +79161234567, Цветы &amp; &lt;!channel&gt; - ")
    assert said[1] == "12:03:00 номер скрыт - Звоним в офис с 12:03:42"
    assert said[2] == "12:02:00 +79161234567, Иван, #10542 - В меню с 12:02:42"


async def test_nobody_is_on_the_line(books: Books, there: Slack) -> None:
    books.over()
    async with typing(books, there) as desk:
        assert await desk.type("calls") == "Сейчас на линии никого."


async def test_more_than_are_listed(books: Books, there: Slack) -> None:
    for _ in range(LISTED + 2):
        books.write()
    async with typing(books, there) as desk:
        said = (await desk.type("calls")).splitlines()
    assert said[0] == f"Сейчас на линии: {LISTED + 2}"
    assert said[-1] == "… и ещё 2"
    assert len(said) == LISTED + 2


@pytest.mark.parametrize(
    "name",
    [
        "{id}",
        "00000001",
        "3803512000000000001",
        PHONE,
        "8 (916) 123-45-67",
        "+7 916 123-45-67",
        "1234567",
        "4567",
        "<tel:+79161234567|+7 916 123-45-67>",
    ],
)
async def test_a_call_by_its_number_or_id(books: Books, there: Slack, name: str) -> None:
    call = books.over(name="Иван", order_id="10542")
    books.over(phone="+79990000000")
    async with typing(books, there, link="https://calls.example/calls") as desk:
        said = await desk.type(f"call {name.format(id=call)}")
    link = f"<https://calls.example/calls/{call}|подробно>"
    assert said == (
        f"23.11.2026 12:01:00 +79161234567, Иван, #10542 - ответил офис, 74951110011, 1:23 {link}"
    )


async def test_the_last_calls_of_a_number(books: Books, there: Slack) -> None:
    for _ in range(OF_A_NUMBER):
        books.over("abandoned:menu")
    books.over("unanswered")
    books.write(state="dialing_shop")
    async with typing(books, there, language="en") as desk:
        title, *said = (await desk.type("call 79161234567")).splitlines()
    assert len(said) == OF_A_NUMBER
    assert str(OF_A_NUMBER) in title
    assert said[0].endswith("Ringing the shop since 12:07:42")
    assert said[1].endswith("- nobody answered")
    assert said[2].endswith("- the customer hung up (in the menu)")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"lost": 1}, "сервис прервался"),
        ({"refused": "too many calls", "ended": 1}, "не принят"),
        ({"outcome": "stopped:menu", "ended": 1}, "завершён вручную"),
        ({"outcome": "something:<new>", "ended": 1}, "something:&lt;new&gt;"),
        ({"state": "<new>"}, "&lt;new&gt;"),
        ({"phone": "", "forgotten": 1, "outcome": "unanswered", "ended": 1}, "личные данные удалены"),
    ],
)
async def test_calls_of_every_kind(books: Books, there: Slack, columns: dict[str, Any], said: str) -> None:
    call = books.write(**columns)
    async with typing(books, there) as desk:
        assert said in await desk.type(f"call {call}")


@pytest.mark.parametrize("name", ["9999", "abc", "+7 999 000-00-00", "<!channel>", "%", "'; --", "9" * 500])
async def test_a_call_that_is_not_there(books: Books, there: Slack, name: str) -> None:
    books.over()
    async with typing(books, there) as desk:
        said = await desk.type(f"call {name}")
    assert said.startswith("В журнале нет звонка «")
    assert "<!" not in said
    assert len(said) < 120


async def test_which_call(books: Books, there: Slack) -> None:
    async with typing(books, there) as desk:
        assert "/ivr call +7" in await desk.type("call")


async def test_reporting_is_switched_by_the_people(books: Books, there: Slack) -> None:
    async with typing(books, there, ANNA) as desk:
        assert await desk.type("reporting status") == "Отчёты по расписанию: сейчас включены."
        said = await desk.type("reporting off")
        assert said.startswith("Отчёты выключены")
        assert said.endswith("Переключил(а) Анна, 23.11.2026 12:00:00.")
        assert await desk.type("REPORTING Status") == said
        assert (await desk.type("reporting on")).startswith("Отчёты включены")
        assert await desk.type("reporting hours") == "Отчёты по расписанию: сейчас включены."


async def test_reporting_without_hours(books: Books, there: Slack) -> None:
    async with typing(books, there, hours=False) as desk:
        assert await desk.type("reporting") == "Расписания нет: отчёты включены всегда."


async def test_others_may_not_switch(books: Books, there: Slack) -> None:
    async with typing(books, there, ANNA) as desk:
        assert "не для вас" in await desk.type("reporting off", user=BORIS)
        assert "по расписанию" in await desk.type("reporting status", user=BORIS)


@pytest.mark.parametrize("text", ["calls", "call 4567", "reporting"])
async def test_what_is_known_of_calls_is_told_where_it_is_told_anyway(
    books: Books, there: Slack, text: str
) -> None:
    books.over()
    async with typing(books, there, ANNA) as desk:
        refused = await desk.type(text, user=BORIS, channel=ELSEWHERE)
        assert "Спросите в канале" in refused
        told = await desk.type(text, user=BORIS)
        assert told != refused
        assert await desk.type(text, user=ANNA, channel=ELSEWHERE) == told


async def test_a_group_that_cannot_be_looked_up(books: Books, there: Slack) -> None:
    there.broken["usergroups.users.list"] = 500
    async with typing(books, there, GROUP) as desk:
        assert "Slack сейчас не говорит" in await desk.type("reporting off")


async def test_a_journal_that_fails(books: Books, there: Slack, capsys: pytest.CaptureFixture[str]) -> None:
    async with typing(books, there, ANNA) as desk:
        with books.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE switches")
            connection.exec_driver_sql("ALTER TABLE calls RENAME TO gone")
        for text in ("calls", "call 4567", "reporting off", "reporting"):
            assert "журнал сейчас недоступен" in await desk.type(text)
    assert "Traceback" not in capsys.readouterr().out

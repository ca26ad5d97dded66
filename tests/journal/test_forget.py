"""Forgetting a person: in every role, in the files of the database too, and nobody else."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text, update
from tests.flow.clock import NOON, ORDER, PHONE, LiveCall, talking, transferring
from tests.journal.conftest import Database
from tests.journal.recorded import CallOf, exported

from ivr_fsm.flow import events
from ivr_fsm.flow.caller import Customer, Order, Shop
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.forget import Forgetting, Found
from ivr_fsm.journal.importing import bring_in
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.journal.replay import replay
from ivr_fsm.journal.tables import CALLS

OTHER_PHONE = "+79160000002"
LATER = NOON + timedelta(hours=1)
ID = "0f7e1a52-5b1c-4a3e-9d0e-2a7a3f6f1c{}"


def finish(live: LiveCall) -> LiveCall:
    live.hangs_up()
    for leg in list(live.call.legs):
        live.send(events.LegEnded(leg, "NORMAL_CLEARING"))
    assert live.state == "ended"
    return live


def put(engine: Engine, live: LiveCall) -> CallEntry:
    assert bring_in(engine, exported(live))
    [call] = [each for each in Reader(engine).each(Wanted()) if each.call == live.call.arrived.call_id]
    return call


def call_of(phone: str, number: int, caller: Customer = ORDER) -> LiveCall:
    return finish(CallOf(id=ID.format(number), phone=phone).identified(caller))


def forget(engine: Engine, phone: str = PHONE, recordings: Path | None = None) -> Found:
    forgetting = Forgetting(engine, phone, "RU", recordings, LATER)
    seen = forgetting.look()
    found = forgetting.forget()
    assert seen == found, "what is shown before is what is done"
    assert forgetting.scrub()
    return found


def content(engine: Engine) -> str:
    with engine.connect() as connection:
        tables = [connection.execute(text(f"SELECT * FROM {name}")).all() for name in ("calls", "steps")]
    # A row's own text is cut.
    return str([tuple(row) for table in tables for row in table])


def replays(engine: Engine) -> bool:
    reader = Reader(engine)
    calls = list(reader.each(Wanted()))
    plans = {call.plan: reader.plan(call.plan) for call in calls}
    return all(replay(reader.steps(call.key), plan).same for call in calls if (plan := plans[call.plan]))


@pytest.fixture
def engine(database: Database) -> Engine:
    return database.engine()


def test_a_caller_is_forgotten_and_another_is_not(engine: Engine) -> None:
    put(engine, call_of(PHONE, 11))
    other = put(engine, call_of(OTHER_PHONE, 12, Customer("Пётр", orders_link="https://orders.example/9")))
    found = forget(engine)
    assert (len(found.called), found.rung, found.planned, found.going_on) == (1, [], 0, [])
    left = content(engine)
    assert [each for each in (PHONE[1:], "Иван", "10542", "Тверская") if each in left] == []
    assert "Пётр" in left
    reader = Reader(engine)
    assert reader.calls(Wanted(phone=OTHER_PHONE)) == [other]
    [mine] = [call for call in reader.each(Wanted()) if call.key != other.key]
    assert (mine.phone, mine.name, mine.order_id, mine.forgotten) == ("", "", "", LATER)
    assert replays(engine)


def test_nothing_of_the_person_is_left_in_the_files_of_sqlite(tmp_path: Path, database: Database) -> None:
    if database.is_postgresql:
        pytest.skip("PostgreSQL's files are its own")
    engine = database.engine()
    for number in range(11, 60):
        put(
            engine,
            call_of(
                PHONE if number % 3 == 0 else OTHER_PHONE,
                number,
                ORDER if number % 3 == 0 else Customer("Пётр"),
            ),
        )
    assert forget(engine).steps
    files = [tmp_path / "journal.db", tmp_path / "journal.db-wal"]
    held = b"".join(file.read_bytes() for file in files if file.exists())
    assert OTHER_PHONE.encode() in held
    person = (PHONE[1:], "Иван", "Тверская", "10542")
    assert [each for each in person if each.encode() in held] == []


def test_who_was_rung_and_answered_is_forgotten_as_such(engine: Engine, tmp_path: Path) -> None:
    shop = Shop("s", "Цветы", phones=("8 (916) 000-00-02", "74951110002"))
    live = CallOf(id=ID.format(11)).identified(Customer("Иван", Order("1", shop)))
    live.press("1")
    live.answers("shop")
    live.announced("shop")
    live.bridged("shop")
    put(engine, finish(live))
    (tmp_path / f"{ID.format(11)}.wav").touch()
    found = forget(engine, OTHER_PHONE, tmp_path)
    assert (found.called, len(found.rung), found.recordings) == ([], 1, [])
    assert found.heard == [tmp_path / f"{ID.format(11)}.wav"]
    [call] = Reader(engine).each(Wanted())
    assert (call.answered_phone, call.name, call.phone, call.forgotten) == ("[number 1]", "Иван", PHONE, None)
    assert "000-00-02" not in content(engine)
    assert replays(engine)


def test_a_number_in_the_free_texts_of_the_marketplace_is_forgotten(engine: Engine) -> None:
    number = "916 000\u201300\u201302"
    shop = Shop(
        "79160000002", f"ИП Петров +7 {number}", f"8 {number}", "https://wa.me/79160000002", (f"8 {number}",)
    )
    live = CallOf(id=ID.format(11)).identified(Customer("Иван", Order("1", shop, f"courier +7 {number}")))
    live.press("1")
    live.press("2")
    put(engine, finish(live))
    assert content(engine).count("wa.me/79160000002") > 1
    assert len(forget(engine, OTHER_PHONE).rung) == 1
    left = content(engine)
    assert [each for each in (OTHER_PHONE[1:], number) if each in left] == []
    [call] = Reader(engine).each(Wanted())
    assert re.fullmatch(r"ИП Петров \[number \d\]", call.shop)
    assert replays(engine)


def test_a_number_in_the_name_of_the_shop_alone_is_found(engine: Engine) -> None:
    put(engine, finish(CallOf(id=ID.format(11)).identified(ORDER)))
    with engine.begin() as connection:
        connection.execute(update(CALLS).values(shop="8 916 000/00/02"))
    assert len(forget(engine, OTHER_PHONE).rung) == 1
    assert "000/00/02" not in content(engine)


def test_whom_a_caller_was_transferred_to_is_forgotten(engine: Engine) -> None:
    put(engine, finish(transferring("79160000002")))
    assert len(forget(engine, OTHER_PHONE).rung) == 1
    assert OTHER_PHONE[1:] not in content(engine)
    assert replays(engine)


def test_two_people_of_one_call_are_forgotten_one_after_the_other(engine: Engine) -> None:
    shop = Shop("s", "Цветы", phones=("79160000001", "79160000002"))
    live = LiveCall().identified(Customer("Иван", Order("1", shop)))
    live.press("1")
    put(engine, finish(live))
    assert len(forget(engine, "+79160000001").rung) == 1
    assert len(forget(engine, OTHER_PHONE).rung) == 1
    assert forget(engine).called
    assert replays(engine)


def test_of_two_people_who_are_forgotten_at_once_neither_comes_back(database: Database) -> None:
    engine = database.engine()
    shop = Shop("s", "Цветы", phones=("79160000001", "79160000002"))
    for number in range(10, 30):
        live = CallOf(id=ID.format(number)).identified(Customer("Иван", Order("1", shop)))
        live.press("1")
        put(engine, finish(live))
    phones = ("+79160000001", OTHER_PHONE, PHONE)
    forgettings = [Forgetting(database.engine(), phone, "RU", None, LATER) for phone in phones]
    with ThreadPoolExecutor(len(phones)) as threads:
        list(threads.map(Forgetting.forget, forgettings))
    left = content(engine)
    assert [phone for phone in phones if phone[1:] in left] == []
    assert replays(engine)


def test_a_number_of_the_plan_stays(engine: Engine) -> None:
    put(engine, finish(talking("office")))
    before = content(engine)
    found = forget(engine, "+74951110011")
    assert (found.called, found.rung, found.planned) == ([], [], 1)
    assert content(engine) == before


def test_a_call_that_is_on_is_left_until_it_is_over(engine: Engine) -> None:
    put(engine, LiveCall().identified(ORDER))
    with engine.begin() as connection:
        connection.execute(update(CALLS).values(lost=None))
    before = content(engine)
    found = forget(engine)
    assert (found.called, len(found.going_on)) == ([], 1)
    assert content(engine) == before
    forgetting = Forgetting(engine, PHONE, "RU", None, NOON + timedelta(days=2))
    assert len(forgetting.forget().called) == 1, "its service died long ago"


def test_the_recordings_of_a_caller_are_deleted(engine: Engine, tmp_path: Path) -> None:
    put(engine, call_of(PHONE, 11))
    put(engine, call_of(OTHER_PHONE, 12))
    for name in (ID.format(11), ID.format(12)):
        (tmp_path / f"{name}.wav").touch()
    found = forget(engine, recordings=tmp_path)
    assert found.recordings == [tmp_path / f"{ID.format(11)}.wav"]
    assert [file.name for file in tmp_path.glob("*.wav")] == [f"{ID.format(12)}.wav"]
    said = {call.call: call.recording for call in Reader(engine).each(Wanted())}
    assert said == {ID.format(11): "removed", ID.format(12): ""}


def test_who_was_forgotten_is_not_found_again(engine: Engine) -> None:
    put(engine, call_of(PHONE, 11))
    forget(engine)
    assert forget(engine) == Found()


def test_a_reader_of_sqlite_keeps_copies_alive_and_that_is_told(database: Database) -> None:
    if database.is_postgresql:
        pytest.skip("PostgreSQL's readers keep nothing from it")
    engine = database.engine()
    put(engine, call_of(PHONE, 11))
    with database.engine().connect() as reading:
        reading.exec_driver_sql("BEGIN")
        reading.exec_driver_sql("SELECT count(*) FROM calls").all()
        forgetting = Forgetting(engine, PHONE, "RU", None, LATER)
        forgetting.forget()
        assert not forgetting.scrub(patience=0)
    assert forgetting.scrub()

"""What is too old goes, each kind at its age; what is younger, or still on, stays."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Engine, func, insert, select, update
from structlog.testing import capture_logs
from tests.flow.clock import NOON, ORDER, PHONE, LiveCall, plan
from tests.journal.conftest import Database
from tests.journal.recorded import CallOf
from tests.journal.test_forget import ID, finish, put, replays

from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal import retention
from ivr_fsm.journal.page import new_key
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.journal.retention import EVERY, Ages, Keeper, Pruned, Pruning
from ivr_fsm.journal.revision import plan_revision
from ivr_fsm.journal.rows import gap_row
from ivr_fsm.journal.tables import CALLS, GAPS, STEPS
from ivr_fsm.speech.speaker import cached

AGES = Ages.of_days(365, 90, 30)


@pytest.fixture
def engine(database: Database) -> Engine:
    return database.engine()


def begun(days: float, number: int, the_plan: Plan | None = None) -> LiveCall:
    """A call of so many days ago."""
    start = NOON - timedelta(days=days)
    return CallOf(the_plan or plan(), start, id=ID.format(number)).identified(ORDER)


def prune(engine: Engine | None, recordings: Path | None = None) -> Pruned:
    pruning = Pruning(engine, recordings, AGES, "RU")
    seen = pruning.look(NOON)
    done = pruning.prune(NOON)
    assert seen == done, "what is shown before is what is done"
    assert pruning.prune(NOON) == Pruned()
    return done


def test_each_kind_goes_at_its_age(engine: Engine) -> None:
    calls = [
        put(engine, finish(begun(days, 10 + index))) for index, days in enumerate((1, 89, 91, 364, 366, 800))
    ]
    steps = {call.call: len(Reader(engine).steps(call.key)) for call in calls}
    done = prune(engine)
    assert done == Pruned(calls=2, steps=steps[ID.format(14)] + steps[ID.format(15)], personal=2)
    left = list(Reader(engine).each(Wanted()))
    assert [(call.call, call.phone) for call in left] == [
        (ID.format(10), PHONE),
        (ID.format(11), PHONE),
        (ID.format(12), ""),
        (ID.format(13), ""),
    ]
    assert replays(engine)


def test_more_than_goes_at_once_goes(engine: Engine) -> None:
    for number in range(10, 35):
        put(engine, finish(begun(400, number)))
    assert prune(engine).calls == 25
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(STEPS)) == 0


def test_a_call_that_is_on_is_not_touched(engine: Engine) -> None:
    put(engine, begun(0.5, 10))
    put(engine, begun(400, 11))
    with engine.begin() as connection:
        connection.execute(update(CALLS).values(lost=None))
    brief = Pruning(engine, None, Ages(timedelta(hours=1), timedelta(hours=1), timedelta(hours=1)), "RU")
    assert brief.prune(NOON).calls == 1, "nobody will write the end of what began 400 days ago"
    [left] = Reader(engine).each(Wanted())
    assert (left.call, left.phone, left.name) == (ID.format(10), PHONE, "Иван")


def test_a_plan_goes_with_its_last_call_and_a_gap_with_its_age(engine: Engine) -> None:
    other = plan(menu={"tries": 2})
    put(engine, finish(begun(800, 10, other)))
    put(engine, finish(begun(800, 11)))
    put(engine, finish(begun(1, 12)))
    for days in (1, 800):
        at = NOON - timedelta(days=days)
        with engine.begin() as connection:
            connection.execute(
                insert(GAPS), gap_row(new_key(at), "ivr-1", at, at, "full disk", late=1, lost=0)
            )
    done = prune(engine)
    assert (done.calls, done.plans, done.gaps) == (2, 1, 1)
    reader = Reader(engine)
    assert (reader.plan(plan_revision(other)), reader.plan(plan_revision(plan()))) == (None, plan())


def recording(folder: Path, number: int, days: float) -> None:
    file = folder / f"{ID.format(number)}.wav"
    file.touch()
    at = (NOON - timedelta(days=days)).timestamp()
    os.utime(file, (at, at))


def test_recordings_go_without_a_journal_too(tmp_path: Path) -> None:
    recording(tmp_path, 10, 29)
    recording(tmp_path, 11, 31)
    assert prune(None, tmp_path) == Pruned(recordings=1)
    assert [file.name for file in tmp_path.iterdir()] == [f"{ID.format(10)}.wav"]
    assert prune(None, tmp_path / "not-there") == Pruned()


def test_a_journal_that_fails_keeps_no_recording(empty: Database, tmp_path: Path) -> None:
    recording(tmp_path, 10, 31)
    done = Pruning(empty.engine(), tmp_path, AGES, "RU").prune(NOON)
    assert done.counts() == {"recordings": 1}
    assert {"calls", "personal data", "plans", "gaps"} <= set(done.faults)
    assert not (tmp_path / f"{ID.format(10)}.wav").exists()


def test_one_kind_that_fails_keeps_no_other(engine: Engine) -> None:
    put(engine, finish(begun(100, 10)))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE gaps")
    done = Pruning(engine, None, AGES, "RU").prune(NOON)
    assert (done.counts(), list(done.faults)) == ({"personal": 1}, ["gaps"])


def test_a_step_that_cannot_be_read_keeps_nobody_else(engine: Engine) -> None:
    broken, sound = (put(engine, finish(begun(days, days))) for days in (95, 92))
    with engine.begin() as connection:
        connection.execute(
            update(STEPS).where(STEPS.c.key == broken.key, STEPS.c.number == 1).values(body="{")
        )
    done = Pruning(engine, None, AGES, "RU").prune(NOON)
    assert done.personal == 1
    assert done.faults == {"personal data": f"call {broken.key}: JSONDecodeError"}
    [left] = Reader(engine).call(sound.call)
    assert left.phone == ""


def test_any_number_of_gaps_goes(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_ROWS", 2)
    at = NOON - timedelta(days=400)
    rows = [gap_row(number, "ivr-1", at, at, "full disk", late=1, lost=0) for number in range(1, 6)]
    with engine.begin() as connection:
        connection.execute(insert(GAPS), rows)
    assert prune(engine) == Pruned(gaps=5)


def test_the_journal_tells_that_a_recording_was_removed(engine: Engine, tmp_path: Path) -> None:
    put(engine, finish(begun(31, 10)))
    put(engine, finish(begun(31, 11)))
    with engine.begin() as connection:
        connection.execute(update(CALLS).values(recording="ok", recording_seconds=5.0))
    recording(tmp_path, 10, 31)
    assert prune(engine, tmp_path) == Pruned(recordings=1)
    said = {call.call: (call.recording, call.recording_seconds) for call in Reader(engine).each(Wanted())}
    assert said == {ID.format(10): ("removed", None), ID.format(11): ("ok", 5.0)}


def test_spoken_announcements_go_with_personal_data(tmp_path: Path) -> None:
    for days in (89, 91):
        spoken = tmp_path / f"{days:032x}.wav"
        spoken.touch()
        os.utime(spoken, ((NOON - timedelta(days=days)).timestamp(),) * 2)
    (tmp_path / "other.wav").touch()
    os.utime(tmp_path / "other.wav", (0, 0))
    pruning = Pruning(None, None, AGES, "RU", partial(cached, tmp_path))
    assert pruning.look(NOON) == pruning.prune(NOON) == Pruned(spoken=1)
    assert sorted(file.name for file in tmp_path.iterdir()) == [f"{89:032x}.wav", "other.wav"]


def test_a_stop_ends_it_after_a_transaction(engine: Engine) -> None:
    for number in range(10, 15):
        put(engine, finish(begun(100, number)))
    stop = Event()
    stop.set()
    assert Pruning(engine, None, AGES, "RU").prune(NOON, stop).personal == 1


def test_two_at_once_do_no_harm(database: Database) -> None:
    engine = database.engine()
    for number in range(10, 30):
        put(engine, finish(begun(400 if number % 2 else 100, number)))

    async def both() -> list[Pruned]:
        prunings = [Pruning(database.engine(), None, AGES, "RU") for _ in range(2)]
        return await asyncio.gather(*(asyncio.to_thread(each.prune, NOON) for each in prunings))

    one, other = asyncio.run(both())
    assert (one.calls + other.calls, one.personal + other.personal) == (10, 10)
    assert replays(engine)


@pytest.mark.virtual
async def test_a_service_prunes_at_its_start_and_then_every_hour(tmp_path: Path, database: Database) -> None:
    engine = database.engine()
    put(engine, finish(begun(100, 10)))
    keeper = Keeper(Pruning(engine, tmp_path, AGES, "RU"), plan(), lambda: NOON, asyncio.get_running_loop())
    with capture_logs() as logs:
        keeper.start()
        await asyncio.sleep(EVERY / 2)
        recording(tmp_path, 11, 100)
        put(engine, finish(begun(100, 12)))
        await asyncio.sleep(EVERY)
        await keeper.close()
    said: list[Any] = [line for line in logs if line["event"] == "pruned"]
    assert [(line["personal"], line.get("recordings")) for line in said] == [(1, None), (1, 1)]


@pytest.mark.virtual
async def test_a_fault_is_logged_and_the_next_hour_comes(empty: Database) -> None:
    engine = empty.engine()
    keeper = Keeper(Pruning(engine, None, AGES, "RU"), plan(), lambda: NOON, asyncio.get_running_loop())
    with capture_logs() as logs:
        keeper.start()
        await asyncio.sleep(1.5 * EVERY)
        await keeper.close()
    assert [line["event"] for line in logs] == ["prune failed"] * 2


@pytest.mark.virtual
async def test_the_plan_of_a_service_stays_without_calls(database: Database) -> None:
    engine = database.engine()
    put(engine, finish(begun(800, 10)))
    keeper = Keeper(Pruning(engine, None, AGES, "RU"), plan(), lambda: NOON, asyncio.get_running_loop())
    keeper.start()
    await asyncio.sleep(1)
    await keeper.close()
    reader = database.reader()
    assert reader.count(Wanted()) == 0
    assert reader.plan(plan_revision(plan())) == plan()

import asyncio
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr_fsm.directory import file
from ivr_fsm.directory.contents import Contents, load
from ivr_fsm.directory.file import FileDirectory
from ivr_fsm.directory.port import AnsweredBy, Answerer, CallRecord, Directory, DirectoryError
from ivr_fsm.flow.caller import Customer, Partner, Unknown

PHONE = "+79161234567"
RECORD = CallRecord(
    call_id="6f1c0a8e-0000-4000-8000-000000000001",
    caller=PHONE,
    order_id="10542",
    answered_by=AnsweredBy("office", "+74951110011", "Анна"),
    outcome="answered:office",
    started=datetime(2024, 7, 1, 9, tzinfo=UTC),
    waited_seconds=12.0,
    talked_seconds=61.5,
    recording="https://market.example/recordings/1",
)


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "directory.toml", "Мария")


def write(path: Path, name: str) -> Path:
    return put(path, f'[[customers]]\nphones = ["{PHONE}"]\nname = "{name}"\n')


def put(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


async def name_of(directory: FileDirectory) -> str:
    caller = await directory.identify(PHONE)
    assert isinstance(caller, Customer)
    return caller.name


async def test_callers_and_answerers(tmp_path: Path) -> None:
    path = tmp_path / "directory.yaml"
    path.write_text(
        "shops: [{id: s1, name: Роза, phones: [+74951110001]}]\noffice: [{phone: 84951110011, name: Анна}]\n",
        "utf-8",
    )
    directory: Directory = FileDirectory(path)
    assert isinstance(await directory.identify("+74951110001"), Partner)
    assert await directory.identify("") == Unknown()
    assert await directory.identify(PHONE) == Unknown()
    assert await directory.who_answers("+74951110011") == Answerer("Анна", "")
    assert await directory.who_answers("8 495 111-00-11") == Answerer("Анна", "")
    assert await directory.who_answers("8{800}") == Answerer(None, "8{800}")
    assert await directory.who_answers(PHONE) == Answerer(None, PHONE)


async def test_the_region_says_how_phones_are_read(tmp_path: Path) -> None:
    path = tmp_path / "directory.toml"
    path.write_text('[[customers]]\nphones = ["030 12345678"]\nname = "Anna"\n')
    directory = FileDirectory(path, region="DE")
    assert await directory.identify("+493012345678") == Customer("Anna")
    assert await directory.who_answers("030 12345678") == Answerer(None, "+493012345678")


async def test_a_shop_is_open_by_the_clock_of_each_lookup(tmp_path: Path) -> None:
    path = tmp_path / "directory.toml"
    path.write_text(
        '[[shops]]\nid = "s1"\nname = "Роза"\nphones = ["74951110001"]\nhours = ["mon 20:00-02:00"]\n',
        "utf-8",
    )
    moments = iter([datetime(2024, 7, 1, 22, 59, tzinfo=UTC), datetime(2024, 7, 1, 23, tzinfo=UTC)])
    directory = FileDirectory(path, now=lambda: next(moments))
    callers = [await directory.identify("+74951110001") for _ in range(2)]
    assert [caller.shop.open_now for caller in callers if isinstance(caller, Partner)] == [True, False]


def test_a_bad_file_at_the_start_is_an_error(path: Path) -> None:
    path.write_text("shops = 1")
    with pytest.raises(DirectoryError, match="shops: must be a list"):
        FileDirectory(path)


def test_warnings_are_logged_and_kept(path: Path) -> None:
    path.write_text('[[shops]]\nid = "s1"\nname = "Роза"\nphones = ["8{800}"]\n', "utf-8")
    with capture_logs() as lines:
        directory = FileDirectory(path)
    assert [line["problem"] for line in lines] == list(directory.warnings)
    assert "shops[0].phones[0]" in directory.warnings[0]


async def test_a_changed_file_is_read_again_a_second_after_the_last_look(path: Path, clock: Clock) -> None:
    directory = FileDirectory(path, monotonic=clock)
    write(path, "Мария Соколова")
    clock.seconds = 0.9
    assert await name_of(directory) == "Мария"
    clock.seconds = 1.0
    assert await name_of(directory) == "Мария Соколова"
    write(path, "Ольга")
    clock.seconds = 1.9
    assert await name_of(directory) == "Мария Соколова"
    clock.seconds = 2.0
    assert await name_of(directory) == "Ольга"


async def test_who_answers_notices_a_change_too(path: Path, clock: Clock) -> None:
    directory = FileDirectory(path, monotonic=clock)
    put(path, '[[office]]\nphone = "104"\nname = "Анна"\n')
    clock.seconds = 1
    assert await directory.who_answers("104") == Answerer("Анна", "")


async def test_an_unchanged_file_is_not_read_again(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = FileDirectory(path, monotonic=clock)

    def never(path: Path, region: str) -> Contents:
        raise AssertionError("read again")

    monkeypatch.setattr(file, "load", never)
    clock.seconds = 5
    with capture_logs() as lines:
        assert await name_of(directory) == "Мария"
    assert lines == []


async def test_a_file_renamed_into_place_is_read_whatever_its_time_and_size(path: Path, clock: Clock) -> None:
    directory = FileDirectory(path, monotonic=clock)
    replace_unnoticeably(path, "Ольга")
    clock.seconds = 1
    assert await name_of(directory) == "Ольга"


def replace_unnoticeably(path: Path, name: str) -> None:
    old, new = path.stat(), write(path.with_suffix(".new"), name)
    os.utime(new, ns=(old.st_atime_ns, old.st_mtime_ns))
    assert (new.stat().st_mtime_ns, new.stat().st_size) == (old.st_mtime_ns, old.st_size)
    new.replace(path)


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.write_text("[[customers]]\nnam"),
        lambda path: path.write_text("[[customers]]\nname = 5\n"),
        lambda path: path.unlink(),
    ],
    ids=["cut off", "mistakes", "gone"],
)
async def test_a_bad_new_file_is_told_once_and_the_last_good_one_stays(
    path: Path, clock: Clock, harm: Callable[[Path], object]
) -> None:
    directory = FileDirectory(path, monotonic=clock)
    harm(path)
    with capture_logs() as lines:
        for clock.seconds in (1, 2, 3):
            assert await name_of(directory) == "Мария"
    (line,) = lines
    assert line["log_level"] == "error"
    assert all(str(path) in problem for problem in line["problems"])
    write(path, "Мария Соколова")
    clock.seconds = 4
    assert await name_of(directory) == "Мария Соколова"


async def test_a_file_caught_while_it_is_written_does_not_make_everybody_unknown(
    path: Path, clock: Clock
) -> None:
    directory = FileDirectory(path, monotonic=clock)
    put(path, "")
    clock.seconds = 1.0
    assert await name_of(directory) == "Мария"


async def test_a_slow_reading_delays_nobody_and_is_not_begun_twice(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = FileDirectory(path, monotonic=clock)
    readings, go_on = [], threading.Event()

    def slow(path: Path, region: str) -> Contents:
        readings.append(path)
        go_on.wait()
        return load(path, region)

    monkeypatch.setattr(file, "load", slow)
    monkeypatch.setattr(file, "PATIENCE", 0)
    write(path, "Ольга Морозова")
    try:
        for clock.seconds in (1, 2, 3):
            assert await name_of(directory) == "Мария"
    finally:
        go_on.set()
    monkeypatch.setattr(file, "PATIENCE", None)
    assert await name_of(directory) == "Ольга Морозова"
    assert readings == [path]


async def test_a_lookup_given_up_does_not_stop_the_reading(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = FileDirectory(path, monotonic=clock)
    go_on = threading.Event()

    def slow(path: Path, region: str) -> Contents:
        go_on.wait()
        return load(path, region)

    monkeypatch.setattr(file, "load", slow)
    monkeypatch.setattr(file, "PATIENCE", None)
    write(path, "Ольга Морозова")
    clock.seconds = 1
    try:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(directory.identify(PHONE), 0.001)
    finally:
        go_on.set()
    assert await name_of(directory) == "Ольга Морозова"


async def test_a_record_is_one_line(path: Path) -> None:
    with capture_logs() as lines:
        await FileDirectory(path).call_ended(RECORD)
    assert lines == [
        {
            "event": "call ended",
            "log_level": "info",
            "call": RECORD.call_id,
            "caller": PHONE,
            "order": "10542",
            "answered_by": "office",
            "answered_phone": "+74951110011",
            "answered_name": "Анна",
            "outcome": "answered:office",
            "started": "2024-07-01T09:00:00+00:00",
            "waited_seconds": 12.0,
            "talked_seconds": 61.5,
            "recording": "https://market.example/recordings/1",
        }
    ]


async def test_a_records_phones_are_masked_if_asked(path: Path) -> None:
    with capture_logs() as lines:
        await FileDirectory(path, mask_phones=True).call_ended(RECORD)
    assert (lines[0]["caller"], lines[0]["answered_phone"]) == ("+791******67", "+749******11")


async def test_a_record_of_a_call_that_nobody_answered(path: Path) -> None:
    record = CallRecord("1", "", None, None, "unanswered", RECORD.started)
    with capture_logs() as lines:
        await FileDirectory(path, mask_phones=True).call_ended(record)
    assert (lines[0]["caller"], lines[0]["answered_by"], lines[0]["answered_phone"]) == ("", None, None)

"""A call as a file: out of one journal, into another, and nothing is lost; what is no call is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, update
from tests.flow.clock import NOON, ORDER, PHONE, LiveCall, talking, transferring, unanswered
from tests.journal.conftest import Database
from tests.journal.recorded import exported
from tests.journal.test_forget import finish

from ivr_fsm.journal.database import migrate, open_engine
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.files import LARGEST, Exported, FileError, read_call, read_file, redacted, to_text
from ivr_fsm.journal.importing import bring_in
from ivr_fsm.journal.page import new_key
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.journal.replay import replay
from ivr_fsm.journal.revision import plan_revision
from ivr_fsm.journal.rows import gap_row
from ivr_fsm.journal.tables import GAPS, PLANS


@pytest.fixture
def engine(database: Database) -> Engine:
    return database.engine()


def written(folder: Path, content: Any) -> Path:
    file = folder / "call.json"
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    file.write_text(text, "utf-8")
    return file


def only_call(engine: Engine) -> CallEntry:
    [call] = Reader(engine).each(Wanted())
    return call


def export(engine: Engine) -> str:
    reader = Reader(engine)
    return to_text(read_call(reader, only_call(engine)))


def example(live: LiveCall | None = None) -> dict[str, Any]:
    content = json.loads(to_text(exported(live or finish(talking()))))
    assert isinstance(content, dict)
    return content


def test_a_plan_that_only_an_older_version_reads_is_exported_as_it_is(engine: Engine) -> None:
    bring_in(engine, exported(finish(talking("office"))))
    old = example()["plan"] | {"joy": True}
    with engine.begin() as connection:
        connection.execute(update(PLANS).values(plan=json.dumps(old)))
    reader = Reader(engine)
    read = read_call(reader, only_call(engine))
    assert (read.plan, json.loads(to_text(read))["plan"]) == (None, old)
    assert any("74951110011" in str(step.body) for step in redacted(read, "RU", NOON).steps)


@pytest.mark.parametrize("live", [talking, transferring, unanswered], ids=lambda live: live.__name__)
def test_a_call_comes_out_of_another_journal_as_it_went_in(
    live: Callable[[], LiveCall], engine: Engine, tmp_path: Path
) -> None:
    assert bring_in(engine, exported(finish(live())))
    gap = gap_row(new_key(NOON), "ivr-1", NOON, NOON, "full disk", late=2, lost=1)
    other = gap_row(new_key(NOON), "ivr-2", NOON, NOON, "another's", late=2, lost=1)
    with engine.begin() as connection:
        connection.execute(insert(GAPS), [gap, other])
    text = export(engine)
    assert "full disk" in text and "another's" not in text
    elsewhere = open_engine(f"sqlite:///{tmp_path}/elsewhere.db")
    migrate(elsewhere)
    read = read_file(written(tmp_path, text))
    assert bring_in(elsewhere, read)
    assert export(elsewhere) == text
    assert only_call(elsewhere).instance == "ivr-1"
    steps, plan = Reader(elsewhere).steps(only_call(elsewhere).key), Reader(elsewhere).plan(read.call.plan)
    assert plan is not None and replay(steps, plan).same
    elsewhere.dispose()


def test_a_file_replays_without_a_journal(tmp_path: Path) -> None:
    read = read_file(written(tmp_path, example()))
    assert read.plan is not None
    assert replay(read.steps, read.plan).same


def test_a_file_without_the_person_replays_the_same(tmp_path: Path) -> None:
    text = to_text(redacted(exported(finish(LiveCall().identified(ORDER))), "RU", NOON))
    assert [each for each in (PHONE[1:], "Иван", "10542") if each in text] == []
    read = read_file(written(tmp_path, text))
    assert read.plan is not None and replay(read.steps, read.plan).same
    assert read.call.forgotten == NOON
    assert to_text(redacted(read, "RU", NOON)) == text


def test_importing_twice_is_once(engine: Engine) -> None:
    recorded = exported(finish(talking()))
    assert [bring_in(engine, recorded), bring_in(engine, recorded)] == [True, False]
    assert only_call(engine).call == recorded.call.call


def test_a_gap_of_two_calls_is_one(engine: Engine) -> None:
    one, other = example(), example()
    gap = {
        "instance": "ivr-1",
        "began": NOON.isoformat(),
        "ended": NOON.isoformat(),
        "why": "x",
        "late": 1,
        "lost": 0,
    }
    one["gaps"] = other["gaps"] = [gap]
    other["call"]["call"] = other["call"]["call"][:-1] + "2"
    for content in (one, other):
        assert bring_in(engine, parsed(content))
    assert len(Reader(engine).gaps(NOON, NOON)) == 1


def parsed(content: dict[str, Any]) -> Exported:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        return read_file(written(Path(folder), content))


def test_a_call_that_was_on_is_lost_where_it_comes(engine: Engine) -> None:
    recorded = exported(LiveCall().identified(ORDER))
    assert recorded.call.status == "live"
    bring_in(engine, recorded)
    assert only_call(engine).status == "lost"


def test_a_plan_is_kept_under_its_own_name_whatever_the_file_says(engine: Engine) -> None:
    content = example()
    content["call"]["plan"] = plan_revision(exported(LiveCall()).plan or pytest.fail())
    content["plan"]["menu"]["tries"] = 7
    bring_in(engine, parsed(content))
    assert Reader(engine).plan(content["call"]["plan"]) is None
    kept = Reader(engine).plan(only_call(engine).plan)
    assert kept is not None and kept.menu.tries == 7


def test_text_that_a_database_cannot_keep_is_mended(engine: Engine) -> None:
    content = example()
    content["call"]["shop"] = "a\0b" * 1000
    content["steps"][0]["body"]["event"]["phone"] = "\0"
    assert bring_in(engine, parsed(content))


def change(place: str, value: Any) -> dict[str, Any]:
    """The example with one value changed; ... removes it."""
    content: Any = example()
    *way, last = (int(part) if part.isdigit() else part for part in place.split("."))
    inner = content
    for part in way:
        inner = inner[part]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return content  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("format", "something", "is not a call that this ivr-fsm exports: format"),
        ("version", 2, "is not a call that this ivr-fsm exports: version"),
        ("call.started", "yesterday", "call.started: "),
        ("call.started", "2026-11-23T09:00:00", "call.started: "),
        ("call.started", "2999-01-01T00:00:00Z", "call.started: must be between the years 1970 and 2100"),
        ("steps.1.at", "0001-01-01T00:00:00Z", "steps[1].at: must be between"),
        ("call.call", "../../etc/passwd", "call.call: "),
        ("call.phone", 7, "call.phone: "),
        ("call.name", ..., "call.name: Field required"),
        ("call.mood", "sunny", "call.mood: "),
        ("steps.1.number", 1, "steps: step 1 comes after step 1"),
        ("steps.2.number", 10**12, "steps[2].number: "),
        ("steps.2.mono", "now", "steps[2].mono: "),
        ("steps.3.body", [], "steps[3].body: "),
        ("steps.3.body.event", "hello", "steps[3].body: event must be an object"),
        ("steps.3.body.commands", ["run"], "steps[3].body: commands must be"),
        ("steps.3.body.judged", [["x"]], "steps[3].body: "),
        ("plan.menu.tries", 99, "plan.menu.tries: "),
        ("plan.joy", 1, "plan.joy: "),
        ("gaps", {}, "gaps: "),
    ],
)
def test_what_no_call_says_is_named_with_its_place(tmp_path: Path, place: str, value: Any, said: str) -> None:
    with pytest.raises(FileError) as refused:
        read_file(written(tmp_path, change(place, value)))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", ["", "[]", "null", "{}", "{", "\0", "[" * 5000, '"' + "a" * 100])
def test_what_is_no_call_at_all_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(FileError) as refused:
        read_file(written(tmp_path, content))
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 200


def test_what_a_file_says_does_nothing_to_the_terminal(tmp_path: Path) -> None:
    with pytest.raises(FileError) as refused:
        read_file(written(tmp_path, change("call.\x1b[31m\n" + "x" * 1000, 1)))
    assert str(refused.value).isprintable() and len(str(refused.value)) < 200


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    text = json.dumps(example(), ensure_ascii=False)
    with pytest.raises(FileError, match="is no JSON, or not all of it"):
        read_file(written(tmp_path, text[: len(text) // 2]))


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "call.json"
    file.write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(FileError):
        read_file(file)


def test_a_huge_file_is_not_even_read(tmp_path: Path) -> None:
    file = tmp_path / "call.json"
    with file.open("wb") as opened:
        opened.truncate(LARGEST + 1)
    with pytest.raises(FileError, match="bytes"):
        read_file(file)


@pytest.mark.parametrize("name", [".", "nothing.json"])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileError, match=r"no such file|it is no file"):
        read_file(tmp_path / name)


JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
PLACES = st.sampled_from(
    [
        "call",
        "steps",
        "plan",
        "gaps",
        "call.started",
        "steps.1",
        "steps.1.body",
        "steps.1.body.event",
        "plan.targets",
    ]
)


@given(PLACES, JUNK)
def test_whatever_somebody_writes_into_it_only_a_message_comes(place: str, junk: Any) -> None:
    try:
        read = parsed(change(place, junk))
    except FileError:
        return
    for step in read.steps:
        assert isinstance(step.reason, str)
    if read.plan:
        assert replay(read.steps, read.plan).steps is not None

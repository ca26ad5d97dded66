"""``ivr-fsm replay``: the same, or where not and why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.book import Book, WrittenCall
from tests.cli.conftest import Run
from tests.flow.clock import ORDER, plan

from ivr_fsm.cli import replaying
from ivr_fsm.flow.events import DigitPressed
from ivr_fsm.flow.guards import Guards
from ivr_fsm.flow.plan import Plan

OFFICE = """
targets.office.numbers = ["74951110011", "74951110012"]
targets.call_centre.numbers = ["74951110021"]
"""


def played(book: Book) -> WrittenCall:
    live = book.begin().identified(ORDER)
    live.advance(8)
    live.prompt_ends()
    live.send(DigitPressed("5"))
    live.press("1")
    live.advance(40)
    live.answers("office")
    live.bridged("office")
    live.advance(20)
    live.ends("office", cause="NORMAL_CLEARING")
    live.hangs_up()
    return live


def write_plan(folder: Path, text: str = "") -> str:
    file = folder / "plan.toml"
    file.write_text(OFFICE + text, "utf-8")
    return str(file)


def nobody_may_try_again(self: Guards) -> tuple[bool, object]:
    return False, "never"


def cannot_count(self: Guards) -> tuple[bool, object]:
    raise ValueError("cannot count")


Change = Callable[..., None]


@pytest.fixture
def change_flow(monkeypatch: pytest.MonkeyPatch) -> Change:
    """Have another guard for the tries that are left in today's flow."""

    def changes(guard: Callable[[Guards], tuple[bool, object]]) -> None:
        inner = Guards.tries_left.__wrapped__  # type: ignore[attr-defined]
        monkeypatch.setattr(inner, "__code__", guard.__code__)
        monkeypatch.setattr(replaying, "flow_revision", lambda: "today's-flow")

    return changes


def test_the_same(book: Book, run: Run, tmp_path: Path) -> None:
    live = played(book)
    result = run("replay", "last", "--plan", write_plan(tmp_path))
    assert result.exit_code == 0, result.output
    assert f"the same: {len(live.steps)} steps" in result.stdout
    assert result.stdout.count("the same now") == 2
    assert run("replay", "0f7e", "--plan", "recorded").exit_code == 0


def test_the_plan_of_the_settings(
    book: Book, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played(book)
    assert "the recorded plan; IVR_PLAN" in run("replay", "last").stdout
    monkeypatch.setenv("IVR_PLAN", write_plan(tmp_path, "dialing_shop.gives_up = 20\n"))
    assert run("replay", "last").exit_code == 1


def test_another_plan_is_named_as_the_cause(book: Book, run: Run, tmp_path: Path) -> None:
    played(book)
    result = run("replay", "last", "--plan", write_plan(tmp_path, "dialing_shop.gives_up = 20\n"))
    assert result.exit_code == 1
    for line in (
        "different at step 5 of ",
        "  the caller pressed 1\n",
        "  only then  limit after 32 s\n",
        "  only then  FW4 after 24 s\n",
        "  only now   limit after 20 s\n",
        "The plan is the cause",
        "  dialing_shop.gives_up: 32, now 20\n",
    ):
        assert line in result.stdout
    assert "flow is the cause" not in result.stdout


def test_the_phones_of_then_and_of_now_are_told_apart(book: Book, run: Run, tmp_path: Path) -> None:
    live = book.begin().identified(ORDER)
    live.prompt_ends()
    live.press("2")
    live.advance(60)
    file = write_plan(tmp_path)
    Path(file).write_text(OFFICE.replace("74951110021", "74951110099"), "utf-8")
    output = run("replay", "last", "--plan", file).stdout
    assert "  only then  ring call centre 74951110021 (" in output
    assert "  only now   ring call centre 74951110099 (" in output


def test_another_flow_is_named_as_the_cause(
    book: Book, run: Run, tmp_path: Path, change_flow: Change
) -> None:
    played(book)
    change_flow(nobody_may_try_again)
    result = run("replay", "last", "--plan", write_plan(tmp_path))
    assert result.exit_code == 1
    for line in (
        "then, now today's-flow",
        "  then       menu → menu\n",
        "  now        menu → dialing_office\n",
        "  asked then  yes: another try is left (wrong key 1 of 3)\n",
        "  asked now   no: another try is left (wrong key never)\n",
        "  only now   ring office 74951110011 (ring_limit 90, park_limit 30)\n",
        "The flow is the cause",
    ):
        assert line in result.stdout
    assert "The plan" not in result.stdout


def test_both_have_changed(book: Book, run: Run, tmp_path: Path, change_flow: Change) -> None:
    played(book)
    change_flow(nobody_may_try_again)
    output = run("replay", "last", "--plan", write_plan(tmp_path, "greeting.limit = 20\n")).stdout
    assert "different at step 2 of" in output
    words = " ".join(output.split())
    assert "The flow is the cause: with the plan that the call went by, there is a difference too" in words
    assert "(at step 4)" in words
    assert "  greeting.limit: 28, now 20\n" in output


def test_a_plan_that_is_not_known(book: Book, run: Run, tmp_path: Path) -> None:
    played(book)
    with book.store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM plans")
    assert "its part in this cannot be told" in run("replay", "last").stdout
    assert run("replay", "last", "--plan", "recorded").exit_code == 2


def test_a_fault_of_the_flow_is_shown(book: Book, run: Run, tmp_path: Path, change_flow: Change) -> None:
    played(book)
    change_flow(cannot_count)
    output = run("replay", "last", "--plan", write_plan(tmp_path)).stdout
    assert "  fault now   ValueError: cannot count\n" in output


def test_what_cannot_be_replayed(book: Book, run: Run) -> None:
    book.refuse()
    refused = run("replay", "dead")
    assert (refused.exit_code, refused.stderr) == (
        2,
        "the call was refused (too many calls): there is nothing to replay\n",
    )
    book.begin(without=(2,)).identified(ORDER).prompt_ends()
    missing = run("replay", "0f7e")
    assert missing.exit_code == 2
    assert "cannot be replayed: step 2 is missing from the journal" in missing.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give either one call (an id or a file) or --since 30d"),
        (("last", "--since", "30d"), "give either one call (an id or a file) or --since 30d"),
        (("--since", "30d", "--plan", "recorded"), "--since asks what another plan would change"),
        (("none.json",), "none.json: there is no such file"),
        (("folder.json",), "folder.json: it is no file"),
        (("ffff",), "no call's id begins with 'ffff'"),
        (("last", "--plan", "none.toml"), "none.toml: cannot be read: there is no such file"),
    ],
)
def test_what_is_wrong_is_said(book: Book, run: Run, arguments: tuple[str, ...], message: str) -> None:
    played(book)
    Path("folder.json").mkdir()
    result = run("replay", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_an_exported_file(book: Book, run: Run, tmp_path: Path) -> None:
    live = played(book)
    assert run("export", "last", "--to", "call.json").exit_code == 0
    with book.store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM calls")
    result = run("replay", "call.json", "--plan", "recorded")
    assert result.exit_code == 0, result.output
    assert f"the same: {len(live.steps)} steps" in result.stdout
    content = json.loads(Path("call.json").read_text("utf-8"))
    content["steps"][1].pop("number")
    Path("call.json").write_text(json.dumps(content), "utf-8")
    broken = run("replay", "call.json")
    assert broken.exit_code == 2
    assert broken.stderr.startswith("call.json: steps[1].number")


def test_the_plan_in_these_tests_is_that_of_the_file(tmp_path: Path) -> None:
    from ivr_fsm.planfile import load_plan

    assert load_plan(Path(write_plan(tmp_path))) == plan() != Plan()

"""The command line, as its user sees it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from ivr_fsm.app import EXAMPLES, build
from ivr_fsm.cli import app
from ivr_fsm.esl.loop import shared_loop
from ivr_fsm.settings import Settings

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IVR_PROMPTS", str(ROOT / "prompts"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_check_of_a_sound_plan_and_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_DIRECTORY", str(EXAMPLES / "directory.toml"))
    result = run("check", str(EXAMPLES / "default.toml"))
    assert result.exit_code == 0, result.output
    assert "is sound" in result.output


def test_check_names_every_mistake_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('[greeting]\nprompt = "FW99"\n', "utf-8")
    directory = tmp_path / "directory.toml"
    directory.write_text('[[orders]]\nid = "1"\n', "utf-8")
    monkeypatch.setenv("IVR_DIRECTORY", str(directory))
    result = run("check", str(plan))
    assert result.exit_code == 1
    said = result.output.replace("\n", "")
    for mistake in (
        "greeting.prompt: there is no prompt FW99",
        "targets.office.numbers: nobody",
        "orders[0].shop",
    ):
        assert mistake in said


def test_check_tells_what_is_doubtful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_DIRECTRY", str(EXAMPLES / "directory.toml"))
    result = run("check", str(EXAMPLES / "default.toml"))
    assert result.exit_code == 0, result.output
    assert "! IVR_DIRECTRY: there is no such setting; did you mean IVR_DIRECTORY?" in result.output
    assert "! IVR_DIRECTORY, IVR_MARKETPLACE: neither is set" in result.output


def test_check_asks_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_SLACK_TOKEN", "xoxb-1-secret")
    monkeypatch.setenv("IVR_SLACK_CHANNEL_ORDER", "C01ORDERS")
    monkeypatch.setenv("IVR_SLACK_API", "http://127.0.0.1:9/api/")
    result = run("check", str(EXAMPLES / "default.toml"))
    assert result.exit_code == 1, result.output
    assert "Slack is out of reach" in result.output
    assert "secret" not in result.output


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_PORT", "a lot")
    result = run("check")
    assert result.exit_code == 2
    assert "IVR_PORT: " in result.output


def kept(folder: Path) -> tuple[str, str]:
    return "--journal", str(folder / "demo.db")


def test_demo_of_one_scenario(tmp_path: Path) -> None:
    result = run("demo", "--once", "--only", "partner", "--prompts", str(ROOT / "prompts"), *kept(tmp_path))
    assert result.exit_code == 0, result.output
    assert "partner_notice" in result.output
    assert "Звонит магазин-партнёр" in result.output


def test_demo_replaces_its_journal_and_nothing_beside_it(tmp_path: Path) -> None:
    for name in ("demo.db", "demo.db-wal", "demo.db.bak", "demo.dbx"):
        (tmp_path / name).write_text("something else")
    result = run("demo", "--once", "--only", "partner", "--prompts", str(ROOT / "prompts"), *kept(tmp_path))
    assert result.exit_code == 0, result.output
    assert (tmp_path / "demo.db.bak").read_text() == (tmp_path / "demo.dbx").read_text() == "something else"


def test_demo_in_english(tmp_path: Path) -> None:
    result = run(
        "demo",
        "--once",
        "--only",
        "partner",
        "--language",
        "en",
        "--prompts",
        str(ROOT / "prompts"),
        *kept(tmp_path),
    )
    assert "A partner shop calls" in result.output


def test_demo_knows_its_scenarios() -> None:
    result = run("demo", "--only", "nothing")
    assert result.exit_code == 2
    assert "shop-busy" in result.output


def test_diagram() -> None:
    assert "stateDiagram" in run("diagram").output
    assert run("diagram", "--svg").output.startswith("<svg")


def test_a_plan_that_helps_nobody_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    async def started() -> list[str]:
        with capture_logs() as logs:
            service = build(Settings())
            await service.stop(drain=0)
        return [str(line["problem"]) for line in logs if line["event"] == "plan"]

    with asyncio.Runner(loop_factory=shared_loop) as runner:
        problems = runner.run(started())
    assert any(problem.startswith("targets.office.numbers: nobody to ring") for problem in problems)


@pytest.mark.parametrize("name", ["one\ntwo", "host\udcff", "x" * 101])
def test_the_name_of_an_instance_can_be_written(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_INSTANCE", name)
    with pytest.raises(ValidationError, match="1 to 100 printable signs"):
        Settings()

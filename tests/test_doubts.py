"""What can be served as it is set, but is probably not what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr_fsm.doubts import doubts
from ivr_fsm.flow.plan import Plan
from ivr_fsm.settings import Settings


@pytest.fixture(autouse=True)
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recordings").mkdir()
    monkeypatch.setenv("IVR_DIRECTORY", "directory.toml")
    monkeypatch.setenv("IVR_RECORDINGS", "recordings")


def found(plan: Plan | None = None) -> list[str]:
    return doubts(Settings(), plan or Plan())


def test_nothing_is_doubtful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_TEST_FREESWITCH", "/usr/bin/freeswitch")
    monkeypatch.setenv("PATH_TO_IVR_THINGS", "x")
    assert found() == []


def test_a_name_that_nothing_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_SLACK_CHANEL_ORDER", "C01")
    monkeypatch.setenv("IVR_XYZ", "1")
    assert found() == [
        "IVR_SLACK_CHANEL_ORDER: there is no such setting; did you mean IVR_SLACK_CHANNEL_ORDER?",
        "IVR_XYZ: there is no such setting; docs/configuration.md lists them all",
    ]


def test_one_in_the_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("IVR_PORTS=8084\nIVR_PORT=8090\nOTHER=1\n")
    assert Settings().port == 8090
    assert found() == ["IVR_PORTS: there is no such setting; did you mean IVR_PORT?"]


def test_callers_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IVR_DIRECTORY")
    monkeypatch.setenv("IVR_MARKETPLACE_TOKEN", "secret")
    assert found() == [
        "IVR_DIRECTORY, IVR_MARKETPLACE: neither is set, so every caller is unknown",
        "IVR_MARKETPLACE_TOKEN: is of no use without the address, IVR_MARKETPLACE",
    ]


def test_a_marketplace_that_may_take_longer_than_a_call_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IVR_DIRECTORY")
    monkeypatch.setenv("IVR_MARKETPLACE", "https://market.example")
    monkeypatch.setenv("IVR_MARKETPLACE_TIMEOUT", "2.5")
    [doubt] = found()
    assert doubt == ("IVR_MARKETPLACE_TIMEOUT: 2.5 s; calls wait for 2 s only, the plan's identifying.limit")
    assert found(Plan.model_validate({"identifying": {"limit": 3}})) == []


def test_recordings_that_go_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_RECORDINGS", "records")
    assert found() == ["IVR_RECORDINGS: there is no folder records"]
    monkeypatch.delenv("IVR_RECORDINGS")
    assert found() == ["IVR_RECORDINGS: is not set, so nothing is recorded"]
    assert found(Plan.model_validate({"connected": {"record": "off"}})) == []

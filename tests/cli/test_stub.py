"""``ivr-fsm marketplace-stub``, as an integrator uses it, and ``check`` against it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from typer.testing import CliRunner

from ivr_fsm.cli import app
from ivr_fsm.directory import openapi

KEY = "0f7e1a52-5b1c-4a3e-9d0e-2a7a3f6f1c11"
RECORD = {
    "id": KEY,
    "call": KEY,
    "caller": "+79161234567",
    "outcome": "unanswered",
    "started": "2026-11-23T09:00:00Z",
}


class Served:
    """The stub in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from ivr_fsm.cli import app; app()", "marketplace-stub", "--port", "0"],
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "IVR_MASK_PHONES": "true"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.hint = ""
        while "IVR_MARKETPLACE=" not in self.hint:
            self.hint = self.process.stdout.readline()
        self.address = self.hint.split("IVR_MARKETPLACE=")[1].split()[0]

    def ask(self, path: str, token: str = "stub", told: object = None, key: str = KEY) -> tuple[int, str]:
        data = None if told is None else json.dumps(told).encode()
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        try:
            with urlopen(Request(self.address + path, data, headers), timeout=10) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def ends(self) -> list[str]:
        self.process.send_signal(signal.SIGTERM)
        output, _ = self.process.communicate(timeout=20)
        assert self.process.returncode == 0
        return [str(line.partition(" ")[2]) for line in output.splitlines()]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    stub = Served(tmp_path)
    yield stub
    if stub.process.poll() is None:
        stub.ends()
    assert stub.process.stdout
    stub.process.stdout.close()


def test_an_integrator_sees_what_is_asked_and_told(served: Served) -> None:
    assert "IVR_MARKETPLACE_TOKEN=stub" in served.hint
    status, caller = served.ask("/caller?phone=%2B79161234567")
    assert (status, json.loads(caller)["order"]["id"]) == (200, "10542")
    assert served.ask("/caller?phone=79990000000") == (200, '{"kind":"unknown"}')
    assert json.loads(served.ask("/answerer?phone=74951110011")[1])["name"] == "Анна"
    assert served.ask("/caller?phone=8{800}")[0] == 400
    assert served.ask("/caller?phone=%2B79161234567", token="guessed")[0] == 401
    assert served.ask("/calls", told=RECORD)[0] == 201
    assert served.ask("/calls", told=RECORD)[0] == 200
    assert served.ask("/calls", told=RECORD, key="another")[0] == 400
    assert served.ask("/calls", told={**RECORD, "outcome": "fine"})[0] == 400
    [kept] = json.loads(served.ask("/calls")[1])
    assert (kept["id"], kept["outcome"]) == (KEY, "unanswered")
    assert served.ask("/openapi.yaml", token="") == (200, openapi.text())
    assert served.ends() == [
        "GET /caller +791******67 → customer: Мария Соколова, order 10542",
        "GET /caller +799******00 → unknown",
        "GET /answerer +749******11 → Анна",
        "GET /caller → 400: '8{800}' is not a phone number: only digits, spaces and + ( ) - . are allowed",
        "GET /caller → 401: the header must be Authorization: Bearer and the token",
        "POST /calls +791******67 → unanswered",
        "POST /calls +791******67 → unanswered (told again)",
        "POST /calls → 400: the header Idempotency-Key must be the record's id",
        "POST /calls → 400: outcome: must match pattern "
        "'^(answered|abandoned|stopped):[a-z_]+$|^(partner|unanswered|failed)$'",
    ]


def check(monkeypatch: pytest.MonkeyPatch, folder: Path, address: str, token: str) -> str:
    monkeypatch.chdir(folder)
    settings = {"MARKETPLACE": address, "MARKETPLACE_TOKEN": token, "JOURNAL": "none"}
    for name, value in settings.items():
        monkeypatch.setenv(f"IVR_{name}", value)
    return CliRunner().invoke(app, ["check"]).output.replace("\n", "")


def test_check_asks_the_api(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "IVR_MARKETPLACE" not in check(monkeypatch, tmp_path, served.address, "stub")
    said = check(monkeypatch, tmp_path, served.address, "guessed")
    assert "identify: answered with 401 Unauthorized: is IVR_MARKETPLACE_TOKEN right?" in said
    assert "guessed" not in said
    said = check(monkeypatch, tmp_path, f"{served.address}/v2", "stub")
    assert "answered with 404 Not Found: is IVR_MARKETPLACE the right address?" in said
    monkeypatch.setenv("IVR_DIRECTORY", "directory.toml")
    said = check(monkeypatch, tmp_path, served.address, "stub")
    assert "IVR_DIRECTORY and IVR_MARKETPLACE are both set" in said


@pytest.mark.parametrize(
    ("address", "token"),
    [
        ("market.example", "t"),
        ("ftp://market.example", "t"),
        ("https://", "t"),
        ("https://somebody:s3cret@market.example", "t"),
        ("https://market.example/x?token=s3cret", "t"),
        ("https://market.example:port", "t"),
        ("https://market.example", "s3cret of two"),
        ("https://market.example", "s3cretй"),
    ],
)
def test_settings_that_cannot_be_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, token: str
) -> None:
    said = check(monkeypatch, tmp_path, address, token)
    assert said.startswith("✗ IVR_MARKETPLACE")
    assert "s3cret" not in said

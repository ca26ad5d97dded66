"""The log: what cannot be written must not stop a call."""

from __future__ import annotations

import errno
import io
import json
import sys

import pytest
import structlog

from ivr_fsm import logs


class FullDisk(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_log_on_a_full_disk_raises_nothing(style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    logs.configure(style)
    monkeypatch.setattr(sys, "stdout", FullDisk())
    log = structlog.get_logger()
    log.info("a line")
    try:
        raise ValueError("a fault")
    except ValueError:
        log.exception("another line")


def test_a_closed_output_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    logs.configure("json")
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    structlog.get_logger().warning("a line")


def test_phones_are_masked_in_every_value(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", mask_phones=True)
    structlog.get_logger().info("a line", phone="+79161234567", phones=["+79161234568"], call="79161234567")
    line = json.loads(capsys.readouterr().out)
    assert (line["phone"], line["phones"], line["call"]) == ("+791******67", ["+791******68"], "79161234567")

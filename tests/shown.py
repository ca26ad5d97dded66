"""Calls as the demo prints them while they go, and as ``ivr-fsm show`` does afterwards, for the README."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import structlog
from rich.console import Console

from ivr_fsm import logs
from ivr_fsm.cli import timeline
from ivr_fsm.cli.plain import WIDTH
from ivr_fsm.demo.board import Board
from ivr_fsm.demo.run import APART, NOON, play
from ivr_fsm.demo.scenarios import OFFICE_2, SCENARIOS, TALK, TO_SHOP, Scenario
from ivr_fsm.demo.show import Screen
from ivr_fsm.esl.loop import virtual_loop
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.story.view import View

PROMPTS = Path(__file__).parents[1] / "prompts"

SHOP_SILENT = Scenario(
    name="shop-silent",
    title="An order; 1; the shop is silent, the office answers",
    does="press 1 3s into FW3",
    phones={OFFICE_2: f"ring 4s, answer, {TALK}"},
    states=(*TO_SHOP, "dialing_office", "connected", "ended"),
    outcome="answered:office",
)

SHOWN = (
    ("Shop and office are silent, so the call centre answers:", "call-centre"),
    ("The caller hangs up in the menu:", "abandoned-menu"),
    ("The shop is silent, so the office answers (a call that is not in the demo):", SHOP_SILENT),
)
"""What is said of each call, and its scenario."""


def shown() -> str:
    """Return the three calls, each under a line that says what it is about."""
    logs.configure("console", level="critical")
    try:
        return "\n\n".join(
            f"{title}\n\n```\n$ .venv/bin/ivr-fsm show {_printed(of)}\n```" for title, of in SHOWN
        )
    finally:
        structlog.reset_defaults()


def played() -> str:
    """Return what the demo prints of one call."""
    logs.configure("console", level="critical")
    scenario, at = _of_demo("shop-drops")
    out = io.StringIO()
    screen = Screen(Console(file=out, width=WIDTH, color_system=None))
    with TemporaryDirectory() as folder, asyncio.Runner(loop_factory=virtual_loop) as runner:
        board, url = Board(screen.say), f"sqlite:///{folder}/journal.db"
        done = runner.run(play(scenario, PROMPTS, (screen,), journal=url, board=board, at=at))
    structlog.reset_defaults()
    assert not done.faults, done.faults
    return f"```text\n{scenario.name}: {scenario.title}\n{out.getvalue().rstrip()}\n```"


def _of_demo(of: str | Scenario) -> tuple[Scenario, datetime]:
    """Return a scenario, by its name as the demo plays it, and when that is."""
    if isinstance(of, Scenario):
        return of, NOON
    [found] = [(each, NOON + index * APART) for index, each in enumerate(SCENARIOS) if each.name == of]
    return found


def _printed(of: str | Scenario) -> str:
    """Play a scenario and return how its call's id begins and what is printed."""
    scenario, at = _of_demo(of)
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/journal.db"
        with asyncio.Runner(loop_factory=virtual_loop) as runner:
            played = runner.run(play(scenario, PROMPTS, journal=url, at=at))
        assert not played.faults, played.faults
        engine = open_engine(url)
        reader = Reader(engine)
        [call] = reader.calls(Wanted())
        steps = reader.steps(call.key)
        engine.dispose()
    # The machine's name is nobody's business, and the flow's revision would change with every comment in it.
    call = replace(call, instance="ivr-1", flow="8f3b0d61c2ae")
    out = io.StringIO()
    view = View(ZoneInfo("Europe/Moscow"))
    timeline.show(Console(file=out, width=WIDTH, color_system=None), call, steps, [], view, now=steps[-1].at)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    return "\n".join([call.call[:8], *lines])

"""Calls of the demo as ``ivr-fsm show`` prints them, for the README."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import structlog
from rich.console import Console

from ivr_fsm import logs
from ivr_fsm.cli import timeline
from ivr_fsm.cli.plain import WIDTH, View
from ivr_fsm.demo.run import NOON, play
from ivr_fsm.demo.scenarios import OFFICE_2, SCENARIOS, TALK, TO_SHOP, Scenario
from ivr_fsm.esl.loop import virtual_loop
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.reader import Reader, Wanted

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
    ("The shop is silent, so the office answers:", SHOP_SILENT, timedelta()),
    ("The caller hangs up in the menu:", "abandoned-menu", timedelta(minutes=12)),
    (
        "Shop and office are silent, so the call centre answers:",
        "call-centre",
        timedelta(hours=2, minutes=32),
    ),
)
"""What is said of each call, its scenario, and when it begins after the demo's noon."""


def shown() -> str:
    """Return the three calls, each under a line that says what it is about."""
    logs.configure("console", level="critical")
    try:
        return "\n\n".join(
            f"{title}\n\n```\n$ ivr-fsm show {_printed(_scenario(of), after)}\n```"
            for title, of, after in SHOWN
        )
    finally:
        structlog.reset_defaults()


def _scenario(of: str | Scenario) -> Scenario:
    return of if isinstance(of, Scenario) else next(each for each in SCENARIOS if each.name == of)


def _printed(scenario: Scenario, after: timedelta) -> str:
    """Play *scenario* and return how its id begins and what is printed."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/journal.db"
        with asyncio.Runner(loop_factory=virtual_loop) as runner:
            played = runner.run(play(scenario, PROMPTS, journal=url, at=NOON + after))
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

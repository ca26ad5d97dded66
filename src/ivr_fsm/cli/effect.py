"""``ivr-fsm replay --since 30d --plan new.toml``: what a plan would have done to the recorded calls."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ivr_fsm.cli.calls import view_of
from ivr_fsm.cli.common import fail, read_settings
from ivr_fsm.cli.effect_report import Report
from ivr_fsm.cli.finding import opened
from ivr_fsm.cli.plain import screen
from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.reader import Wanted
from ivr_fsm.journal.whatif.effect import WhatIf
from ivr_fsm.planfile import PlanError, load_plan

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def effect(since: str, plan: Path | None, journal: str) -> None:
    """Show what a plan would have done to the recorded calls.

    Args:
        since: which ones: ``30d``, ``12h``, ``2w`` back, or from ``2026-11-01`` on.
        plan: the plan's file; None: today's plan, ``IVR_PLAN``.
        journal: the journal's URL; empty: that of the settings.
    """
    settings = read_settings()
    begin = _begin(since, datetime.now(UTC))
    if (file := plan or settings.plan) is None:
        fail("--since asks what another plan would change: give its file with --plan or IVR_PLAN")
    try:
        changed = load_plan(file)
    except PlanError as error:
        fail(str(error))
    with opened(journal) as reader:
        whatif = WhatIf(reader, settings.region)
        _model(
            whatif, Wanted(live=False, since=begin), changed, reader.count(Wanted(live=False, since=begin))
        )
    Report(screen(), view_of(), whatif.found).show(changed, str(file), begin)


def _begin(since: str, now: datetime) -> datetime:
    if read := re.fullmatch(r"([0-9]{1,6})([hdw])", since.strip()):
        try:
            return now - timedelta(**{_UNITS[read[2]]: int(read[1])})
        except OverflowError:
            fail(f"--since {since} is before all time")
    try:
        return datetime.fromisoformat(since.strip()).astimezone()
    except (ValueError, OverflowError):
        fail(f"--since {since[:40]!r} is not like 30d, 12h, 2w or 2026-11-01")


def _model(whatif: WhatIf, wanted: Wanted, plan: Plan, number: int) -> None:
    """Read and model, and show how far it is: thousands of calls take a minute."""
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        reading = progress.add_task("reading calls", total=number)
        for _ in whatif.read(wanted):
            progress.advance(reading)
        modelling = progress.add_task("modelling calls", total=len(whatif))
        for _ in whatif.compare(plan):
            progress.advance(modelling)

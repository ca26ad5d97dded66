"""Serving calls, and checking what they will be served with."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.markup import escape

from ivr_fsm import app as service
from ivr_fsm.channel import slack_keys
from ivr_fsm.cli.common import OUT, fail, read_settings
from ivr_fsm.directory.file import FileDirectory
from ivr_fsm.directory.http import HttpDirectory
from ivr_fsm.directory.port import DirectoryError
from ivr_fsm.doubts import doubts
from ivr_fsm.esl.loop import shared_loop
from ivr_fsm.flow import diagram as drawing
from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal import checking
from ivr_fsm.journal.database import JournalError
from ivr_fsm.logs import configure
from ivr_fsm.planfile import PlanError, check_plan, load_plan
from ivr_fsm.settings import Settings
from ivr_fsm.slack.inquiry import inquire
from ivr_fsm.speech.engines import EngineError, choose_engine
from ivr_fsm.speech.prompts import PromptError, PromptLibrary
from ivr_fsm.telemetry import telemetry

log = structlog.get_logger(__name__)


def serve() -> None:
    """Serve calls until SIGINT or SIGTERM; live calls then may end first. Settings: docs/configuration.md."""
    settings = read_settings()
    configure(settings.log_format, mask_phones=settings.mask_phones)
    with asyncio.Runner(loop_factory=shared_loop) as runner:
        runner.run(_serve(settings))


def check(
    plan: Annotated[Path | None, typer.Argument(help="The plan file; IVR_PLAN when not given.")] = None,
) -> None:
    """Check the plan, the prompts, the directory, the journal and Slack; name each mistake with its place."""
    settings = read_settings()
    configure("console", level="critical")
    file = plan or settings.plan
    problems = [
        *_plan_problems(file, settings),
        *_speech_problems(settings),
        *_directory_problems(settings),
        *_journal_problems(settings),
        *_telemetry_problems(settings),
        *_slack_problems(settings),
    ]
    for problem in problems:
        OUT.print(f"[red]✗[/] {escape(problem)}", soft_wrap=True)
    if problems:
        raise typer.Exit(1)
    OUT.print(f"[green]✓[/] {file or 'the default plan'} is sound")


def _plan_problems(file: Path | None, settings: Settings) -> list[str]:
    try:
        plan = load_plan(file) if file else Plan()
        library = PromptLibrary(settings.prompts, plan.prompts.language)
    except PlanError as error:
        return error.problems
    except PromptError as error:
        return [f"{error}, and prompts.language of the plan the language"]
    _doubt(doubts(settings, plan))
    return [f"{file or 'the default plan'}: {each}" for each in check_plan(plan, library, settings.region)]


def _speech_problems(settings: Settings) -> list[str]:
    found = []
    try:
        choose_engine(settings.speech_engine, template=settings.speech_command or None)
    except EngineError as error:
        found.append(f"IVR_SPEECH_ENGINE: {error}")
    try:
        settings.speech_cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        found.append(f"IVR_SPEECH_CACHE: {error}")
    return found


def _directory_problems(settings: Settings) -> list[str]:
    try:
        warnings = asyncio.run(_ask(settings))
    except DirectoryError as error:
        place = "IVR_MARKETPLACE: " if settings.marketplace and not settings.directory else ""
        return [place + line.removeprefix(place) for line in str(error).splitlines()]
    _doubt(warnings)
    return []


def _doubt(warnings: Sequence[str]) -> None:
    for warning in warnings:
        OUT.print(f"[yellow]![/] {escape(warning)}", soft_wrap=True)


async def _ask(settings: Settings) -> Sequence[str]:
    """Ask the directory something harmless, and return what is doubtful in it."""
    directory = service.directory_of(settings)
    try:
        if isinstance(directory, HttpDirectory):
            await directory.check()
            return directory.warnings
        return directory.warnings if isinstance(directory, FileDirectory) else ()
    finally:
        await directory.close()


def _journal_problems(settings: Settings) -> list[str]:
    if settings.journal == "none" or not (found := checking.problem(settings.journal)):
        return []
    return [f"IVR_JOURNAL: {found.removeprefix('IVR_JOURNAL ')}"]


def _telemetry_problems(settings: Settings) -> list[str]:
    try:
        telemetry.check(settings.otel_endpoint)
    except telemetry.TelemetryError as error:
        return [str(error)]
    return []


def _slack_problems(settings: Settings) -> list[str]:
    if not (keys := slack_keys(settings)).token:
        return []
    found = asyncio.run(inquire(keys, settings.slack_channels.values()))
    if found.who:
        OUT.print(f"[green]✓[/] Slack knows us: {escape(found.who)}", soft_wrap=True)
    return list(found.problems)


def diagram(
    svg: Annotated[bool, typer.Option("--svg", help="An SVG drawing instead of Mermaid text.")] = False,
) -> None:
    """Print the state diagram of a call, generated from the statechart."""
    sys.stdout.write(drawing.svg() if svg else drawing.mermaid())


async def _serve(settings: Settings) -> None:
    try:
        running = service.build(settings)
        await running.start()
        running.site.start()
    except JournalError as error:
        fail(str(error))
    except (PlanError, DirectoryError, PromptError, EngineError, telemetry.TelemetryError) as error:
        fail(f"{error}\nivr-fsm check names all that is wrong")
    except OSError as error:
        fail(f"cannot start: {error}; see IVR_HOST, IVR_PORT and IVR_SPEECH_CACHE in docs/configuration.md")
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await running.stop(settings.drain)
    log.info("stopped")

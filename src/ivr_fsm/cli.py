"""The command line: ``ivr-fsm serve | demo | check | diagram``."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from ivr_fsm import app as service
from ivr_fsm.demo.run import Played, play
from ivr_fsm.demo.scenarios import SCENARIOS, Scenario
from ivr_fsm.demo.show import Screen, summary
from ivr_fsm.directory.file import FileDirectory
from ivr_fsm.directory.port import DirectoryError
from ivr_fsm.esl.loop import shared_loop, virtual_loop
from ivr_fsm.flow.plan import Plan
from ivr_fsm.logs import configure
from ivr_fsm.planfile import PlanError, check_plan, load_plan
from ivr_fsm.settings import Settings
from ivr_fsm.speech.prompts import PromptError, PromptLibrary
from ivr_fsm.watch.words import Words

app = typer.Typer(
    help="Answers a company's calls on FreeSWITCH, one explicit state machine per call.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
_out = Console(highlight=False)


@app.command()
def serve() -> None:
    """Serve calls until SIGINT or SIGTERM; live calls then may end first. Settings: docs/configuration.md."""
    settings = _settings()
    configure(settings.log_format, mask_phones=settings.mask_phones)
    with asyncio.Runner(loop_factory=shared_loop) as runner:
        runner.run(_serve(settings))


@app.command()
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Every scenario once, as fast as the clock allows.")
    ] = False,
    only: Annotated[str, typer.Option(help="Play only the scenario of this name.")] = "",
    language: Annotated[str, typer.Option(help="What watchers are told: ru or en.")] = "ru",
    prompts: Annotated[Path, typer.Option(help="The folder of the recordings.")] = Path("prompts"),
) -> None:
    """Play calls on the simulated switch: in real time, or with --once all of them at once, checked."""
    configure("console", level="error")
    chosen = [scenario for scenario in SCENARIOS if only in ("", scenario.name)]
    if not chosen:
        _fail(f"no scenario {only!r}; there are {', '.join(scenario.name for scenario in SCENARIOS)}")
    words = Words(language)
    played = [_play(scenario, prompts, words, once) for scenario in chosen]
    summary(_out, played)
    if any(each.faults for each in played):
        raise typer.Exit(1)


@app.command()
def check(
    plan: Annotated[Path | None, typer.Argument(help="The plan file; IVR_PLAN when not given.")] = None,
) -> None:
    """Check the plan, the prompts and the directory; name each mistake with its place."""
    settings = _settings()
    file = plan or settings.plan
    problems: list[str] = []
    try:
        checked = load_plan(file) if file else Plan()
        library = PromptLibrary(settings.prompts, checked.prompts.language)
        problems += [
            f"{file or 'the default plan'}: {each}" for each in check_plan(checked, library, settings.region)
        ]
    except PlanError as error:
        problems += error.problems
    except PromptError as error:
        problems.append(str(error))
    if settings.directory:
        try:
            for warning in FileDirectory(settings.directory, settings.region).warnings:
                _out.print(f"[yellow]![/] {escape(warning)}", soft_wrap=True)
        except DirectoryError as error:
            problems += str(error).splitlines()
    for problem in problems:
        _out.print(f"[red]✗[/] {escape(problem)}", soft_wrap=True)
    if problems:
        raise typer.Exit(1)
    _out.print(f"[green]✓[/] {file or 'the default plan'} is sound")


@app.command()
def diagram(
    svg: Annotated[bool, typer.Option("--svg", help="An SVG drawing instead of Mermaid text.")] = False,
) -> None:
    """Print the state diagram of a call, generated from the statechart."""
    from ivr_fsm.flow import diagram as drawing

    sys.stdout.write(drawing.svg() if svg else drawing.mermaid())


def _play(scenario: Scenario, prompts: Path, words: Words, once: bool) -> Played:
    _out.print(f"\n[bold]{scenario.name}[/]: {scenario.title}")
    with asyncio.Runner(loop_factory=virtual_loop if once else shared_loop) as runner:
        return runner.run(play(scenario, prompts.resolve(), (Screen(_out, words),)))


async def _serve(settings: Settings) -> None:
    try:
        running = service.build(settings)
    except (PlanError, DirectoryError, PromptError) as error:
        _fail(str(error))
    running.start()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await running.stop(settings.drain)


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        _fail("\n".join(f"IVR_{str(each['loc'][0]).upper()}: {each['msg']}" for each in error.errors()))


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)

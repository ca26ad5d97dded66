"""Playing calls on the simulated switch, for people who look on."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from ivr_fsm.cli.common import OUT, fail, read_settings
from ivr_fsm.cli.inspecting import beside
from ivr_fsm.demo.board import Board
from ivr_fsm.demo.run import APART, NOON, Played, play
from ivr_fsm.demo.scenarios import SCENARIOS, Scenario
from ivr_fsm.demo.show import Screen, legend, summary
from ivr_fsm.demo.voices import converse
from ivr_fsm.esl.loop import shared_loop, virtual_loop
from ivr_fsm.journal.database import JournalError, migrate, open_engine
from ivr_fsm.journal.recordings import of_call, older_than
from ivr_fsm.logs import configure
from ivr_fsm.speech.prompts import PromptError


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Every scenario once, as fast as the clock allows.")
    ] = False,
    only: Annotated[str, typer.Option(help="Play only the scenario of this name.")] = "",
    language: Annotated[Literal["ru", "en"], typer.Option(help="What watchers are told.")] = "ru",
    prompts: Annotated[Path | None, typer.Option(help="The folder of the recordings.")] = None,
    journal: Annotated[
        Path, typer.Option(help="The file that the calls are kept in; what is there is replaced.")
    ] = Path("var/demo.db"),
) -> None:
    """Play calls on the simulated switch: in real time, or with --once all of them at once, checked."""
    configure("console", level="error")
    chosen = [scenario for scenario in SCENARIOS if only in ("", scenario.name)]
    if not chosen:
        fail(f"no scenario {only!r}; there are {', '.join(scenario.name for scenario in SCENARIOS)}")
    folder = prompts or read_settings().prompts
    url, recordings = f"sqlite:///{journal}", journal.with_name(f"{journal.stem}-recordings")
    seen = read_settings().model_copy(update={"journal": url, "recordings": recordings})
    try:
        _clear(journal, recordings)
        engine = open_engine(url)
        migrate(engine)
        engine.dispose()
        with beside(seen) as address:
            legend(OUT)
            if not once:
                OUT.print(f"The calls in the inspector, as they move: {address}", soft_wrap=True)
            played = [
                _play(
                    scenario,
                    folder,
                    language,
                    once=once,
                    journal=url,
                    recordings=recordings,
                    at=NOON + index * APART if once else None,
                )
                for index, scenario in enumerate(chosen)
            ]
            summary(OUT, played)
            _show_them(played, url, recordings, address)
    except (PromptError, JournalError, OSError) as error:
        fail(str(error))
    if any(each.faults for each in played):
        raise typer.Exit(1)


def _clear(journal: Path, recordings: Path) -> None:
    """Remove what an earlier demo has left, and no other file."""
    for part in ("", "-wal", "-shm"):
        journal.with_name(journal.name + part).unlink(missing_ok=True)
    recordings.mkdir(parents=True, exist_ok=True)
    for file in older_than(recordings, datetime.max.replace(tzinfo=UTC)):
        file.unlink()


def _show_them(played: Sequence[Played], url: str, recordings: Path, address: str) -> None:
    """Say where the calls can be looked at; on a terminal, keep the inspector open until Ctrl-C."""
    program = "ivr-fsm" if shutil.which("ivr-fsm") else ".venv/bin/ivr-fsm"
    show = f"{program} show {played[-1].id[:8]} --journal {url}"
    OUT.print(f"\nWhy did a call go there? {show}", soft_wrap=True)
    if sys.stdin is None or not sys.stdin.isatty():
        inspect = f"{program} inspect --journal {url} --recordings {recordings}"
        OUT.print(f"See it in a browser: {inspect}", soft_wrap=True)
        return
    OUT.print(f"The inspector is open: {address}  (Ctrl-C closes it)", soft_wrap=True)
    with suppress(KeyboardInterrupt):
        signal.pause()


def _play(
    scenario: Scenario,
    prompts: Path,
    language: Literal["ru", "en"],
    *,
    once: bool,
    journal: str,
    recordings: Path,
    at: datetime | None,
) -> Played:
    OUT.print(f"\n[bold]{scenario.name}[/]: {scenario.title}", soft_wrap=True)
    screen = Screen(OUT)
    with asyncio.Runner(loop_factory=virtual_loop if once else shared_loop) as runner:
        played = runner.run(
            play(
                scenario,
                prompts.resolve(),
                (screen,),
                journal=journal,
                language=language,
                board=Board(screen.say),
                recordings=recordings,
                at=at or datetime.now(UTC),
            )
        )
    if (recording := of_call(recordings, played.id)) is not None:
        converse(recording, prompts / language)
    screen.show(played)
    return played

"""What the journal keeps: calls as files, forgetting a person, removing what is too old, migrations."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text
from sqlalchemy import Engine

from ivr_fsm.cli.calls import chosen, view_of
from ivr_fsm.cli.common import JournalOption, fail, journal_of, journal_url, read_settings
from ivr_fsm.cli.finding import opened
from ivr_fsm.cli.plain import screen
from ivr_fsm.journal import database
from ivr_fsm.journal.database import JournalError, open_engine, shown, version
from ivr_fsm.journal.files import FileError, read_call, read_file, redacted, to_text
from ivr_fsm.journal.forget import Forgetting, Found
from ivr_fsm.journal.importing import bring_in
from ivr_fsm.journal.retention import Ages, Pruned, Pruning
from ivr_fsm.phone import BadPhone, parse_phone
from ivr_fsm.settings import Settings
from ivr_fsm.speech.speaker import cached


def export(
    call: Annotated[str, typer.Argument(metavar="ID", help="A call's id, or its first characters, or last.")],
    to: Annotated[str, typer.Option(metavar="FILE", help="- is the screen; <id>.json when not given.")] = "",
    personal: Annotated[
        bool,
        typer.Option("--personal/--no-personal", help="With the caller's phone, name, order and address."),
    ] = False,
    journal: JournalOption = "",
) -> None:
    """Write a call to a file, enough to replay it elsewhere; without the caller's personal data."""
    settings, view, now = read_settings(), view_of(utc=False), datetime.now(UTC)
    with opened(journal) as reader:
        exported = read_call(reader, chosen(reader, call, view, now))
    if not personal:
        exported = redacted(exported, settings.region, now)
    if to == "-":
        sys.stdout.write(to_text(exported))
        return
    file = Path(to or f"{exported.call.call}.json")
    try:
        _write_for_us(file, to_text(exported))
    except OSError as error:
        fail(f"{file}: {error.strerror}; --to names another file")
    without = "with" if personal else "without"
    typer.echo(f"{file}: {_count(len(exported.steps), 'step')}, {without} personal data")


def _write_for_us(file: Path, text: str) -> None:
    """Write a file that concerns nobody else on this machine, whoever could read what was there before."""
    place = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(place, "w", encoding="utf-8") as opened:
        if stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            os.fchmod(opened.fileno(), 0o600)
        opened.write(text)


def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files that export wrote.")],
    journal: JournalOption = "",
) -> None:
    """Bring calls from files into the journal."""
    with _journal(journal) as engine:
        wrong = 0
        for file in files:
            try:
                read = read_file(file)
            except (OSError, FileError) as error:
                wrong += 1
                typer.echo(f"{file}: {error.strerror if isinstance(error, OSError) else error}", err=True)
                continue
            said = _count(len(read.steps), "step") if bring_in(engine, read) else "is in the journal already"
            typer.echo(f"{file}: {read.call.call}: {said}")
    if wrong:
        raise typer.Exit(2)


def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    journal: JournalOption = "",
) -> None:
    """Remove what is older than the settings keep it: calls, personal data, recordings."""
    settings, now = read_settings(), datetime.now(UTC)
    ages = Ages.of_days(settings.keep_steps, settings.keep_personal, settings.keep_recordings)
    with _journal(journal) as engine:
        pruning = Pruning(
            engine, settings.recordings, ages, settings.region, partial(cached, settings.speech_cache)
        )
        done = pruning.look(now) if dry_run else pruning.prune(now)
    for line in _pruned(done, settings):
        typer.echo(f"{'would remove' if dry_run else 'removed'} {line}")
    for kind, why in done.faults.items():
        typer.echo(f"{kind} that are too old are still there: {why}", err=True)
    if done.faults:
        raise typer.Exit(2)
    if not done.counts():
        typer.echo("nothing is too old")


def _pruned(done: Pruned, settings: Settings) -> Iterator[str]:
    if done.calls:
        with_steps = f"{_count(done.calls, 'call')} with {_count(done.steps, 'step')}"
        yield f"{with_steps}, older than {_count(settings.keep_steps, 'day')}"
    if done.personal:
        calls = _count(done.personal, "call")
        yield f"the personal data of {calls} older than {_count(settings.keep_personal, 'day')}"
    if done.recordings:
        recordings = _count(done.recordings, "recording")
        yield f"{recordings} older than {_count(settings.keep_recordings, 'day')}"
    if done.spoken:
        spoken = _count(done.spoken, "spoken announcement")
        yield f"{spoken} not used for {_count(settings.keep_personal, 'day')}"
    if done.plans:
        yield f"{_count(done.plans, 'plan')} that no call goes by"
    if done.gaps:
        yield f"{_count(done.gaps, 'note')} of gaps"


def migrate(journal: JournalOption = "") -> None:
    """Bring the journal's tables to what this version needs; the service does so at its start, too."""
    try:
        engine = open_engine(journal_url(journal))
        before, _ = version(engine)
        database.migrate(engine)
        after, _ = version(engine)
    except JournalError as error:
        fail(str(error))
    engine.dispose()
    came = f"from version {before} to {after}" if before else f"new, version {after}"
    typer.echo(f"{shown(engine)}: {came if before != after else f'is of version {after} already'}")


def forget(
    phone: Annotated[str, typer.Argument(metavar="PHONE", help="8 916 123-45-67, +79161234567, …")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    journal: JournalOption = "",
) -> None:
    """Remove a person from the journal: all of theirs from calls that they made, their number elsewhere.

    Their recordings are deleted, and all spoken announcements: no file of those says whom it names. The calls
    can still be shown and replayed, without the person.
    """
    settings, now = read_settings(), datetime.now(UTC)
    try:
        known = parse_phone(phone, settings.region)
    except BadPhone as error:
        fail(str(error))
    with _journal(journal) as engine:
        forgetting = Forgetting(engine, known, settings.region, settings.recordings, now)
        found = forgetting.look()
        if found.called or found.rung:
            _say(f"{known} {_where(found)}")
            if not yes and not typer.confirm("Remove this person? It cannot be undone."):
                raise typer.Exit(1)
            found = forgetting.forget()
            _say(f"removed {_removed(found)}")
        else:
            _say(f"nothing to remove: {known} is in no call that is over, or only as a number of the plan")
        if spoken := _empty(settings.speech_cache):
            files = _count(spoken, "spoken announcement")
            _say(f"removed {files} from {settings.speech_cache}, whomever they name: they are made anew")
        scrubbed = forgetting.scrub()
        for left in _left(found, settings, scrubbed, postgresql=engine.dialect.name == "postgresql"):
            _say(f"left: {left}")


def _empty(cache: Path) -> int:
    """Remove every spoken text and return how many there were.

    A file is named by a hash of voice and text, and both may have been others when the person called.
    """
    files = list(cached(cache))
    for file in files:
        file.unlink(missing_ok=True)
    return len(files)


def _say(text: str) -> None:
    screen().print(Text(text))


def _where(found: Found) -> str:
    """Say what would be removed."""
    said = []
    if found.called:
        days = f"{found.called[0].started:%Y-%m-%d} to {found.called[-1].started:%Y-%m-%d}"
        said.append(
            f"made {_count(len(found.called), 'call')} ({days}, {_count(len(found.recordings), 'recording')})"
        )
    if found.rung:
        said.append(f"was rung, or is named, in {_count(len(found.rung), 'call')} of others")
    return f"{' and '.join(said)}: {_count(found.steps, 'step')} in all"


def _removed(found: Found) -> str:
    return (
        f"all of theirs from {_count(len(found.called), 'call')} that they made, "
        f"their number from {_count(len(found.rung), 'call')} of others; "
        f"{_count(found.steps, 'step')} changed, {_count(len(found.recordings), 'recording')} deleted"
    )


def _left(found: Found, settings: Settings, scrubbed: bool, *, postgresql: bool) -> Iterator[str]:
    """Say what was left, and why."""
    if found.going_on:
        yield f"{_count(len(found.going_on), 'call')} that may still be on: run this again when they are over"
    if found.planned:
        yield (
            f"the number in {_count(found.planned, 'call')} by whose plan it was rung: it is a number of the "
            "plan. Take it out of the plan file; "
            f"calls go when they are {_count(settings.keep_steps, 'day')} old"
        )
    if found.heard:
        yield (
            f"{_count(len(found.heard), 'recording')} of calls of others that this person answered: "
            f"they go when they are {_count(settings.keep_recordings, 'day')} old"
        )
    if settings.recordings is None:
        yield "recordings: IVR_RECORDINGS does not say where they are"
    if not scrubbed:
        yield (
            "copies in the journal's -wal file, because another program reads the journal: "
            "run this again when it is done"
        )
    if postgresql:
        yield (
            "the write-ahead log and the backups of PostgreSQL, as long as its settings keep them, and "
            "removed rows until autovacuum comes by, if a transaction that began before is still open"
        )
    yield "exported files, the directory, and log lines, ours and FreeSWITCH's: they are not the journal's"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


@contextmanager
def _journal(url: str) -> Iterator[Engine]:
    """The journal to work on; what goes wrong with it or a file beside it ends the command with a message."""
    try:
        with journal_of(url) as engine:
            yield engine
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}")

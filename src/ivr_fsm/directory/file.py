"""The directory in a file: for a fresh machine, the demo and tests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from ivr_fsm.directory.contents import Contents, load
from ivr_fsm.directory.port import Answerer, CallRecord, DirectoryError
from ivr_fsm.flow.caller import Caller, Unknown
from ivr_fsm.phone import BadPhone, mask, parse_dialable

log = structlog.get_logger(__name__)

CHECK_EVERY = 1.0
"""Seconds between two looks at whether the file has changed."""
PATIENCE = 0.5
"""Seconds that a lookup waits for a changed file to be read before it answers from the last good one."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class FileDirectory:
    """A `Directory` in a TOML or YAML file (docs/directory.md), read again when it changes.

    A changed file is noticed by the next lookup and read in a thread, so that calls go on. One with
    mistakes is told in the log, once, and the last good one stays in use.
    """

    def __init__(
        self,
        path: Path,
        region: str = "RU",
        now: Callable[[], datetime] = _utc_now,
        *,
        mask_phones: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read the file.

        Args:
            path: its suffix, ``.toml``, ``.yaml`` or ``.yml``, says what is in it.
            region: the country whose national phone numbers are understood, see `parse_phone`.
            now: the wall clock, an aware time; shops are open or closed by it.
            mask_phones: hide the middle of the phone numbers that `call_ended` logs.
            monotonic: a clock in seconds, which paces the looks at the file.

        Raises:
            DirectoryError: the file cannot be used; all its mistakes are told, one a line.
        """
        self._path = path
        self._region = region
        self._now = now
        self._shown = mask if mask_phones else str
        self._monotonic = monotonic
        self._looked = monotonic()
        self._stamp = self._look()
        self._reading: asyncio.Task[None] | None = None
        self._contents = load(path, region)
        self._warn()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is doubtful in the file in use: shop phones that cannot be rung, each with its place."""
        return self._contents.warnings

    async def identify(self, phone: str) -> Caller:
        """Say who calls: a phone of both a shop and a customer is the shop's; the last active order counts.

        Args:
            phone: E.164, or empty.
        """
        if not phone:
            return Unknown()
        return (await self._fresh()).caller(phone, self._now())

    async def who_answers(self, phone: str) -> Answerer:
        """Say who is at *phone*: a person or description of office or call centre, else the shop's name."""
        contents = await self._fresh()
        try:
            return contents.answerer(parse_dialable(phone, self._region))
        except BadPhone:
            return Answerer(None, phone)

    async def call_ended(self, record: CallRecord) -> None:
        """Log the record as one line."""
        by = record.answered_by
        log.info(
            "call ended",
            call=record.call_id,
            caller=self._shown(record.caller),
            order=record.order_id,
            answered_by=by and by.target,
            answered_phone=by and self._shown(by.phone),
            answered_name=by and by.name,
            outcome=record.outcome,
            started=record.started.isoformat(),
            waited_seconds=record.waited_seconds,
            talked_seconds=record.talked_seconds,
            recording=record.recording,
        )

    async def close(self) -> None:
        """Nothing is open."""

    async def _fresh(self) -> Contents:
        """Return the contents, read again if the file has changed since the last look."""
        if self._reading is None and self._monotonic() - self._looked >= CHECK_EVERY:
            self._looked = self._monotonic()
            if (stamp := self._look()) != self._stamp:
                self._stamp = stamp
                self._reading = asyncio.create_task(self._read(), name=f"read {self._path.name}")
        if self._reading is not None:
            await asyncio.wait({self._reading}, timeout=PATIENCE)
        return self._contents

    def _look(self) -> tuple[int, ...]:
        """Return what changes with the file; the inode too, for one renamed into its place."""
        try:
            found = self._path.stat()
        except (OSError, ValueError):
            return ()
        return (found.st_mtime_ns, found.st_size, found.st_ino)

    async def _read(self) -> None:
        try:
            contents = await asyncio.to_thread(load, self._path, self._region)
            if contents.empty and not self._contents.empty:
                raise DirectoryError(f"{self._path}: nothing is in it (any more, or not yet)")
            self._contents = contents
        except DirectoryError as error:
            log.error("directory not read again, the last good one stays", problems=str(error).splitlines())
        else:
            log.info("directory read again", file=str(self._path))
            self._warn()
        finally:
            self._reading = None

    def _warn(self) -> None:
        for warning in self.warnings:
            log.warning("directory", problem=warning)

"""What is kept of calls, and what becomes of it: written, told to the marketplace, looked at, removed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy import Engine

from ivr_fsm.call.ports import Journal as JournalPort
from ivr_fsm.call.ports import Watcher
from ivr_fsm.directory.deliveries import Deliveries
from ivr_fsm.directory.port import Directory
from ivr_fsm.directory.remembered import Remembered
from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.nowhere import Nowhere
from ivr_fsm.journal.retention import Ages, Keeper, Pruning
from ivr_fsm.journal.store import Store
from ivr_fsm.journal.writer import Journal
from ivr_fsm.recordings.examiner import Examiner
from ivr_fsm.recordings.verdict import Verdict
from ivr_fsm.records import JournalOutbox, Recording
from ivr_fsm.settings import Settings
from ivr_fsm.speech.speaker import cached


class Books:
    """The journal of one instance, with all that works on it beside the calls.

    Attributes:
        journal: where calls write their steps.
        watchers: who must hear of each step.
        writer: who writes it, if there is one.
        examiner: who looks at the recordings, if there is a journal.
    """

    def __init__(
        self,
        settings: Settings,
        plan: Plan,
        directory: Directory,
        recording: Recording,
        now: Callable[[], datetime],
        *,
        judged: Callable[[Verdict], None],
    ) -> None:
        """Open nothing yet.

        Args:
            settings: which journal, and how long things are kept.
            plan: that of the calls to come.
            directory: who is told of the end of each call.
            recording: the link to a call's recording.
            now: the wall clock.
            judged: hears of the verdict on each recording, in a thread.
        """
        self._settings = settings
        self._plan = plan
        loop = asyncio.get_running_loop()
        self.writer: Journal | None = None
        self.examiner: Examiner | None = None
        self.journal: JournalPort
        if settings.journal == "none":
            self.journal = Nowhere()
            remembered = Remembered(settings.region)
            self._deliveries = Deliveries(directory, remembered)
            self.watchers: list[Watcher] = [remembered, self._deliveries]
        else:
            self.journal = self.writer = Journal(Store(self._engine()), settings.instance, now, loop)
            outbox = JournalOutbox(self._engine(), settings.instance, settings.region, now, recording)
            self._deliveries = Deliveries(directory, outbox)
            self.examiner = Examiner(self._engine(), settings.instance, settings.recordings, loop, judged)
            self.watchers = [self.examiner, self._deliveries]
        self._keeper = Keeper(
            Pruning(
                None if settings.journal == "none" else self._engine(),
                settings.recordings,
                Ages.of_days(settings.keep_steps, settings.keep_personal, settings.keep_recordings),
                settings.region,
                partial(cached, settings.speech_cache),
            ),
            plan,
            now,
            loop,
        )

    def _engine(self) -> Engine:
        return open_engine(self._settings.journal)

    async def open(self) -> None:
        """Open the journal, and begin what works on it.

        Raises:
            JournalError: the journal cannot be used.
        """
        if self.writer:
            await self.writer.open(self._plan)
        if self.examiner:
            self.examiner.start()
        self._deliveries.start()
        self._keeper.start()

    async def rest(self) -> None:
        """Look at no recording any more."""
        if self.examiner:
            await self.examiner.close()

    async def close(self) -> None:
        """End all of it, the journal last: calls that end at the last moment are still written."""
        await self.rest()
        await self._keeper.close()
        if self.writer:
            await self.writer.close()
        await self._deliveries.close()

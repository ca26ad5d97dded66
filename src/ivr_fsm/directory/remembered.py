"""The outbox of a service without a journal: what has ended is remembered until it is delivered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import count, islice

import structlog

from ivr_fsm.directory.port import AnsweredBy, CallRecord
from ivr_fsm.flow.commands import Tell
from ivr_fsm.flow.step import Step
from ivr_fsm.phone import dialable_or_as_written

MOST = 10_000
"""How many records wait at most; then the oldest is forgotten."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Live:
    started: datetime
    answered: datetime | None = None
    talking: datetime | None = None
    """Since when the caller has had somebody on the line."""
    talked: float = 0.0
    by: AnsweredBy | None = None


class Remembered:
    """An outbox (`ivr_fsm.directory.deliveries.Outbox`) that follows calls (`ivr_fsm.call.ports.Watcher`)."""

    def __init__(self, region: str = "RU") -> None:
        """Remember nothing yet. *region*: the country whose national phone numbers are understood."""
        self._region = region
        self._live: dict[str, _Live] = {}
        self._records: dict[int, CallRecord] = {}
        self._keys = count(1)

    def stepped(self, call_id: str, number: int, step: Step, at: datetime) -> None:
        """Take down what a call tells."""
        if number == 1:
            self._live[call_id] = _Live(at)
        elif step.moved and step.before == "connected" and (live := self._live.get(call_id)):
            live.talked += (at - live.talking).total_seconds() if live.talking else 0.0
            live.talking = None
        for tell in step.told if call_id in self._live else ():
            if tell.what == "answered":
                live = self._live[call_id]
                live.answered, live.talking = live.answered or at, at
                live.by = AnsweredBy(
                    tell.facts["target"], dialable_or_as_written(tell.facts["leg_phone"], self._region)
                )
            elif tell.what == "ended":
                self._put(_record(call_id, self._live.pop(call_id), tell, at))
                return

    async def after(self, key: int, limit: int) -> list[tuple[int, CallRecord]]:
        """Return the oldest records; see `Outbox.after`."""
        return list(islice((each for each in self._records.items() if each[0] > key), limit))

    async def done(self, key: int, error: str = "") -> None:  # noqa: ARG002 - logged already
        """Forget a record."""
        self._records.pop(key, None)

    async def close(self) -> None:
        """Say what is forgotten now."""
        if self._records:
            log.error("call_ended forgotten", calls=[record.call_id for record in self._records.values()])

    def _put(self, record: CallRecord) -> None:
        self._records[next(self._keys)] = record
        if len(self._records) > MOST:
            forgotten = self._records.pop(next(iter(self._records)))
            log.error("call_ended forgotten", calls=[forgotten.call_id])


def _record(call_id: str, live: _Live, ended: Tell, at: datetime) -> CallRecord:
    phone = ended.facts["phone"]
    return CallRecord(
        call_id,
        phone if phone.startswith("+") else "",
        ended.facts.get("order"),
        live.by,
        ended.facts["outcome"],
        live.started,
        ((live.answered or at) - live.started).total_seconds(),
        live.talked,
    )

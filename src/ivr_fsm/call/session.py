"""One live call: one inbox; an event is stepped through the flow, the step written, its commands performed.

The inbox is emptied by whoever fills it, or by the journal when it has a step whose commands wait for that.
Events that arrive meanwhile wait for their turn, so a call never does two things at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from ivr_fsm.call.ports import Identifier, Journal, Switch, Timings, Voice, Watcher
from ivr_fsm.flow import commands as do
from ivr_fsm.flow import events
from ivr_fsm.flow.caller import Unknown
from ivr_fsm.flow.plan import Plan
from ivr_fsm.flow.step import Step, arrive, failed, step

log = structlog.get_logger(__name__)

WHO_LIMIT = 2.0
"""Seconds that the marketplace has to say who answered: watchers wait for it, nobody who talks does."""

STAYING = (do.StartTimer, do.CancelTimer, do.Prepare, do.Tell)
"""Commands that nobody outside the service hears of: they need not wait for the journal."""


@dataclass(frozen=True, slots=True)
class World:
    """What all calls share."""

    identifier: Identifier
    voice: Voice
    journal: Journal
    watchers: Sequence[Watcher]
    now: Callable[[], datetime]
    loop: asyncio.AbstractEventLoop
    timings: Timings | None = None


class Session:
    """A live call, from `CallArrived` until its last leg is gone."""

    def __init__(
        self,
        plan: Plan,
        arrived: events.CallArrived,
        world: World,
        on_over: Callable[[Session], None] = lambda _session: None,
    ) -> None:
        self._world = world
        self._on_over = on_over
        self._inbox: deque[tuple[events.Event, datetime, float]] = deque()
        """What happened, when, and when that was on the loop's clock."""
        self._busy = False
        self._held: Step | None = None
        """The step whose commands wait until the journal has it."""
        self._came = world.loop.time()
        """When the event of the present step came, and below when its step went to the journal."""
        self._given = self._came
        self._steps = 0
        self._timers: dict[events.Timer, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.switch: Switch
        self.call_id = arrived.call_id
        self.call, self._first = arrive(plan, arrived, world.now())
        self._page = world.journal.begin(self.call)

    def start(self, switch: Switch) -> None:
        """Begin, with *switch* to give commands to. It may be replaced when the caller leg returns."""
        self.switch = switch
        self._busy = True
        try:
            self._write(self._first)
        finally:
            self._busy = False
        self._empty_inbox()

    def post(self, event: events.Event) -> None:
        """Let *event* happen to the call, after those that already wait."""
        self._inbox.append((event, self._world.now(), self._world.loop.time()))
        self._empty_inbox()

    def _empty_inbox(self) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            while self._inbox and self._held is None:
                self._take(*self._inbox.popleft())
        finally:
            self._busy = False

    def _take(self, event: events.Event, at: datetime, came: float) -> None:
        self._came = came
        try:
            taken = step(self.call, event, at)
        except Exception as error:
            # A fault in the flow must not cost the caller the call: it stays where it is, its timers go on.
            log.exception(
                "step failed", call=self.call_id, state=self.call.state_id, event_type=type(event).__name__
            )
            taken = failed(self.call, event, error)
        self._write(taken)

    def _write(self, taken: Step) -> None:
        staying = all(isinstance(command, STAYING) for command in taken.commands)
        self._held = None if staying else taken
        self._given = self._world.loop.time()
        try:
            self._page.write(taken, self._given, None if staying else self._leave)
        except Exception:
            # The journal's fault is not the caller's.
            log.exception("step not written", call=self.call_id, event_type=type(taken.event).__name__)
            if self._held is not None:
                self._leave()
        if staying:
            self._follow(taken)

    def _leave(self) -> None:
        """The journal has the step: its commands may leave. Called within `_write`, or later."""
        taken, self._held = self._held, None
        assert taken is not None
        waited = self._world.loop.time() - self._given
        within, self._busy = self._busy, True
        try:
            self._follow(taken, waited)
        finally:
            self._busy = within
        self._empty_inbox()

    def _follow(self, taken: Step, waited: float | None = None) -> None:
        """Perform the commands of a step, which *waited* seconds for the journal if any of them leaves."""
        self._steps += 1
        for command in taken.commands:
            try:
                self._perform(command)
            except Exception:
                log.exception("command failed", call=self.call_id, command=type(command).__name__)
        if waited is not None:
            self._measure(taken.event, waited)
        # A watcher only watches: writing its line must not hold up the command that a caller waits for.
        for watcher in self._world.watchers:
            try:
                watcher.stepped(self.call_id, self._steps, taken, self.call.now)
            except Exception:
                log.exception("watcher failed", call=self.call_id, watcher=type(watcher).__name__)
        if taken.moved and self.call.over:
            self._end()

    def _measure(self, event: events.Event, waited: float) -> None:
        if self._world.timings is None:
            return
        try:
            self._world.timings.left(event, waited, self._world.loop.time() - self._came)
        except Exception:
            log.exception("timings failed", call=self.call_id)

    def _perform(self, command: do.Command) -> None:
        match command:
            case do.StartTimer(timer=timer, after=after):
                self._timers[timer] = self._world.loop.call_later(after, self._fire, timer)
            case do.CancelTimer(timer=timer):
                if handle := self._timers.pop(timer, None):
                    handle.cancel()
            case do.Identify(phone=phone):
                self._spawn(self._identify(phone))
            case do.WhoAnswers(leg=leg, phone=phone):
                self._spawn(self._ask_who(leg, phone))
            case do.Prepare(code=code, facts=facts):
                self._world.voice.prepare(code, facts)
            case do.Announce():
                self._spawn(self._announce(command))
            case do.Play():
                self._play(command)
            case _:
                self._tell_switch(command)

    def _tell_switch(self, command: do.Command) -> None:
        match command:
            case do.Ring():
                self.switch.ring()
            case do.Answer():
                self.switch.answer()
            case do.Hold(token=token):
                self.switch.hold(token)
            case do.StopPrompt():
                self.switch.stop_prompt()
            case do.Dial():
                self.switch.dial(command)
            case do.Release(leg=leg, cause=cause):
                self.switch.release(leg, cause)
            case do.Bridge(leg=leg):
                self.switch.bridge(leg)
            case do.Record():
                self.switch.record(f"{self.call_id}.wav")
            case do.Hangup(cause=cause):
                self.switch.hangup(cause)

    def _play(self, command: do.Play) -> None:
        try:
            self.switch.play(self._world.voice.prompt(command.code, command.facts), command.token)
        except Exception:
            # Waiting for the end of a prompt that nobody plays would be silence.
            log.exception("prompt failed", call=self.call_id, code=command.code)
            self.post(events.PromptFinished(command.token, "broken"))

    def _fire(self, timer: events.Timer) -> None:
        self._timers.pop(timer, None)
        self.post(events.TimerFired(timer))

    async def _identify(self, phone: str) -> None:
        try:
            caller = await self._world.identifier.identify(phone)
        except Exception as error:
            log.warning("identify failed", call=self.call_id, error=str(error))
            caller = Unknown(f"directory: {error}")
        self.post(events.CallerIdentified(caller))

    async def _ask_who(self, leg: str, phone: str) -> None:
        try:
            async with asyncio.timeout(WHO_LIMIT):
                known = await self._world.identifier.who_answers(phone)
        except Exception as error:
            why = str(error) or f"no answer within {WHO_LIMIT:g} s"
            log.warning("answerer not known", call=self.call_id, error=why)
            self.post(events.AnswererKnown(leg))
            return
        # A number that nobody knows is described by itself.
        described = known.description if any(map(str.isalpha, known.description)) else ""
        self.post(events.AnswererKnown(leg, known.name or "", described))

    async def _announce(self, command: do.Announce) -> None:
        try:
            files = [await self._world.voice.announcement(code, command.facts) for code in command.codes]
            self.switch.announce(command.leg, files)
        except Exception:
            log.exception("announcement failed", call=self.call_id)
            self.post(events.AnnouncementFinished(command.leg, heard=False))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._world.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _end(self) -> None:
        for handle in self._timers.values():
            handle.cancel()
        self._timers.clear()
        for task in self._tasks:
            task.cancel()
        self.switch.close()
        self._on_over(self)

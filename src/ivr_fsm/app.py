"""The composition root: settings in, a running service out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog

from ivr_fsm.bookkeeping import Books
from ivr_fsm.call.ports import Watcher
from ivr_fsm.call.registry import Registry
from ivr_fsm.call.session import Session, World
from ivr_fsm.channel import Channel
from ivr_fsm.desk import JournalDesk
from ivr_fsm.directory.file import FileDirectory
from ivr_fsm.directory.http import HttpDirectory
from ivr_fsm.directory.nobody import NobodyKnown
from ivr_fsm.directory.port import Directory, DirectoryError
from ivr_fsm.doubts import doubts
from ivr_fsm.esl.callback import CallBacks
from ivr_fsm.esl.control import ControlConnection
from ivr_fsm.esl.link import Link
from ivr_fsm.esl.outbound import OutboundServer
from ivr_fsm.esl.switch import FreeSwitch, Trunk
from ivr_fsm.esl.translate import Headers, arrived
from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.followups import FollowUps
from ivr_fsm.journal.revision import plan_revision
from ivr_fsm.journal.wishes import Wishes
from ivr_fsm.planfile import check_plan, load_plan
from ivr_fsm.relay import Relay
from ivr_fsm.settings import Settings
from ivr_fsm.site import Site
from ivr_fsm.slack.card import Links
from ivr_fsm.slack.chat import Chat
from ivr_fsm.speech.engines import choose_engine
from ivr_fsm.speech.prompts import PromptLibrary
from ivr_fsm.speech.speaker import Speaker
from ivr_fsm.speech.voice import PromptVoice
from ivr_fsm.telemetry.meters import MeteredDirectory
from ivr_fsm.telemetry.telemetry import Telemetry, Watched
from ivr_fsm.watch.log import StepLog
from ivr_fsm.watch.words import Words
from ivr_fsm.web.server import WebServer

log = structlog.get_logger(__name__)


LETTING_GO = 1.0
"""Seconds that calls have to end in, when the service goes before them."""


def utc_now() -> datetime:
    """Return the wall clock."""
    return datetime.now(UTC)


@dataclass
class Service:
    """One instance of the service on the running loop."""

    settings: Settings
    plan: Plan
    directory: Directory
    watchers: Sequence[Watcher]
    now: Callable[[], datetime] = utc_now
    live: Registry = field(default_factory=Registry)
    chat: Chat | None = None
    """Where calls are told; None: in Slack, or in the log."""

    def __post_init__(self) -> None:
        settings = self.settings
        library = PromptLibrary(settings.prompts, self.plan.prompts.language)
        engine = choose_engine(
            settings.speech_engine, self.plan.prompts.language, template=settings.speech_command or None
        )
        # Announcements name callers: they are not kept longer than their data in the journal.
        kept = 86400.0 * min(30, settings.keep_personal)
        self.speaker = Speaker(engine, settings.speech_cache.resolve(), age=kept)
        self.trunk = Trunk(
            dial=settings.dial,
            caller_id=settings.caller_id,
            region=settings.region,
            transfer_context=settings.transfer_context,
            hold=settings.hold,
            # FreeSWITCH has a working folder of its own.
            recordings=settings.recordings.resolve() if settings.recordings else None,
        )
        self.control = ControlConnection(
            settings.freeswitch_host,
            settings.freeswitch_port,
            settings.freeswitch_password.get_secret_value(),
        )
        self.call_backs = CallBacks(
            self.control,
            self.trunk,
            self.plan.targets.office.numbers,
            self.plan.calling_back.office_limit,
            self._reached_at,
        )
        self.desk: JournalDesk | None = None
        if settings.journal != "none":
            relay = Relay(Wishes(open_engine(settings.journal)), self.live, settings.instance)
            follow_ups = FollowUps(open_engine(settings.journal))
            self.desk = JournalDesk(follow_ups, relay, self.live, self.call_backs, self.now)
        self.site = Site(settings, self.now, self.desk, plan_revision(self.plan))
        self.telemetry = Telemetry(
            self.plan,
            settings.instance,
            Watched(
                self.live,
                listening=lambda: self.server.listening,
                connected=lambda: self.control.connected,
                stopping=lambda: self._stopping,
                journal=lambda: self.books.writer,
            ),
            self.site.access,
            self.now,
            engine=open_engine(settings.journal) if settings.journal != "none" else None,
            endpoint=settings.otel_endpoint,
        )
        directory = MeteredDirectory(self.directory, self.telemetry.metrics)
        self.books = Books(
            settings, self.plan, directory, self.recording_link, self.now, judged=self.telemetry.judged
        )
        self.channel: Channel | None = None
        if self.desk:
            links = Links(call=self.site.call_link, recording=lambda call: self.recording_link(call.call))
            metrics = self.telemetry.metrics
            self.channel = Channel(settings, self.desk, links, self.now, self.chat, metrics=metrics)
            self.desk.changed = self.channel.projection.poke
        routes = [
            *self.telemetry.routes,
            *self.site.routes,
            *(self.channel.routes if self.channel else ()),
        ]
        self.web = WebServer(settings.web_host, settings.web_port, routes)
        self.world = World(
            directory,
            PromptVoice(library, self.speaker),
            self.books.journal,
            [
                *self.watchers,
                *self.telemetry.watchers,
                *self.books.watchers,
                *([self.channel.projection] if self.channel else []),
            ],
            self.now,
            asyncio.get_running_loop(),
            self.telemetry.meter,
        )
        # A call that is transferred has a second connection, one that is refused has it for a moment.
        self.server = OutboundServer(
            settings.host, settings.port, self.answer, max_connections=2 * settings.max_calls + 100
        )
        self._stopping = False

    async def start(self) -> None:
        """Open the journal and remove what is too old from it, listen for FreeSWITCH, and connect to it.

        Raises:
            JournalError: the journal cannot be used.
            OSError: the port cannot be listened on.
        """
        await self.books.open()
        self.telemetry.start()
        await self.web.start()
        if self.desk and self.channel:
            await self.desk.start()
            await self.channel.start()
        self.control.start()
        self.server.start()

    def answer(self, link: Link, channel: Headers) -> None:
        """FreeSWITCH has a caller for us, or brings one back."""
        arrival = self.call_backs.arrived(channel) or arrived(channel, self.settings.region)
        if (known := self.live.get(arrival.call_id)) is not None and isinstance(known.switch, FreeSwitch):
            known.switch.adopt(link, channel)
            return
        if self._stopping or len(self.live) >= self.settings.max_calls:
            self.telemetry.refused("stopping" if self._stopping else "full")
            why = "the service stops" if self._stopping else "too many calls"
            log.warning("call refused", call=arrival.call_id, reason=why, live=len(self.live))
            self.world.journal.refuse(arrival, why)
            link.close(f"call refused: {why}")
            return
        session = Session(self.plan, arrival, self.world, on_over=self._over)
        self.live.add(session)
        session.start(FreeSwitch(link, arrival, self.trunk, self.control, session.post))

    def _over(self, session: Session) -> None:
        self.live.drop(session)
        if self.desk:
            self.desk.over(session)

    def _reached_at(self) -> str:
        """Return where FreeSWITCH reaches the outbound server."""
        host = self.settings.host if self.settings.host not in ("0.0.0.0", "::", "") else "127.0.0.1"  # noqa: S104
        return self.settings.reached_at or f"{host}:{self.server.port}"

    def recording_link(self, call_id: str) -> str | None:
        """Return a link to the recording of a call, whether it was made or not; None: none can be given."""
        return self.site.recording_link(call_id) if self.plan.connected.record != "off" else None

    async def stop(self, drain: float) -> None:
        """Take no more calls; let the live ones end, for *drain* seconds at most; then let go of the switch.

        What still talks goes on talking in the switch; what still waits falls to the dialplan's next line.
        """
        # Callers whom a callee transfers come back on a new connection: the door stays open for them.
        self._stopping = True
        if self.desk:
            await self.desk.stop_ringing()
        if self.live:
            log.info("draining", calls=len(self.live), seconds=drain)
            await self._emptied(drain)
        if self.live:
            log.warning("calls left to the switch", calls=len(self.live))
        self.server.close()
        # Each call that is left hears that its connection is gone: its phones are let go, its end is written.
        await self._emptied(LETTING_GO)
        # What still talks is recorded on: that is looked at when the service is back.
        await self.books.rest()
        self.control.close()
        await self.site.close()
        await self.web.close()
        if self.desk and self.channel:
            await self.desk.close()
            await self.channel.close()
        await self.telemetry.close()
        await self.speaker.close()
        await self.books.close()
        await self.directory.close()

    async def _emptied(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.live.emptied(), seconds)


def build(settings: Settings) -> Service:
    """Return the service that *settings* describe.

    Raises:
        PlanError, DirectoryError, PromptError, JournalError: a file or a database cannot be used; the message
            says which and why.
    """
    plan = load_plan(settings.plan) if settings.plan else Plan()
    for problem in check_plan(plan, PromptLibrary(settings.prompts, plan.prompts.language), settings.region):
        log.warning("plan", problem=problem)
    for problem in doubts(settings, plan):
        log.warning("settings", problem=problem)
    return Service(settings, plan, directory_of(settings), [StepLog(Words(settings.watch_language))])


def directory_of(settings: Settings) -> Directory:
    """Return the directory that *settings* name.

    Raises:
        DirectoryError: it cannot be used, or there are two.
    """
    if settings.directory and settings.marketplace:
        raise DirectoryError("IVR_DIRECTORY and IVR_MARKETPLACE are both set: keep one of them")
    if settings.marketplace:
        token = settings.marketplace_token.get_secret_value()
        if not token:
            raise DirectoryError("IVR_MARKETPLACE: its token is missing, IVR_MARKETPLACE_TOKEN")
        return HttpDirectory(
            settings.marketplace, token, timeout=settings.marketplace_timeout, region=settings.region
        )
    if settings.directory:
        return FileDirectory(settings.directory, settings.region, utc_now, mask_phones=settings.mask_phones)
    return NobodyKnown()


EXAMPLES = Path(__file__).parent / "examples"
"""A plan and a directory to begin with."""

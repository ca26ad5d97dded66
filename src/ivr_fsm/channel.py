"""The channel of those who watch: what is told there, and what they do there. With Slack, or without."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web
from sqlalchemy import Engine

from ivr_fsm.call.desk import Desk
from ivr_fsm.journal.cards import Cards
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.reader import Reader
from ivr_fsm.journal.switches import Switches
from ivr_fsm.settings import Settings
from ivr_fsm.slack.bolt import Keys, SlackApp
from ivr_fsm.slack.card import Links
from ivr_fsm.slack.chat import Chat
from ivr_fsm.slack.commands import Commands
from ivr_fsm.slack.console import ConsoleChat
from ivr_fsm.slack.inquiry import inquire
from ivr_fsm.slack.people import People
from ivr_fsm.slack.projection import Projection
from ivr_fsm.slack.reporting import Reporting
from ivr_fsm.slack.slackchat import SlackChat
from ivr_fsm.slack.telling import Look
from ivr_fsm.telemetry.meters import MeteredChat
from ivr_fsm.telemetry.metrics import Metrics
from ivr_fsm.watch.words import Words

KINDS = ("order", "other", "partner")
"""What is told without Slack: calls of every kind."""

log = structlog.get_logger(__name__)


class Channel:
    """Tells of the calls in the journal of one instance, and brings what people press to *desk*.

    Attributes:
        projection: who must hear of each step.
        routes: what the web server serves for it.
    """

    def __init__(
        self,
        settings: Settings,
        desk: Desk,
        links: Links,
        now: Callable[[], datetime],
        chat: Chat | None = None,
        *,
        metrics: Metrics | None = None,
    ) -> None:
        """Connect to nothing yet.

        Args:
            settings: which journal; whether there is Slack, and its channels.
            desk: carries out what people press.
            links: where more can be seen of a call.
            now: the wall clock.
            chat: where calls are told; None: in Slack, or in the log where no token is set.
            metrics: where it is counted what becomes of messages.
        """
        words, zone, token = (
            Words(settings.watch_language),
            ZoneInfo(settings.slack_zone),
            settings.slack_token,
        )
        self._engines: list[Engine] = []
        self._keys, self._channels = slack_keys(settings), tuple(settings.slack_channels.values())
        self._inquiry: asyncio.Task[None] | None = None
        self._reporting = Reporting(settings.reporting_hours, Switches(self._engine(settings)), now)
        self._app = self._slack_app(settings, desk, links, words) if token.get_secret_value() else None
        self.routes: Sequence[web.AbstractRouteDef] = self._app.routes() if self._app else ()
        channels = settings.slack_channels if self._app else {kind: kind for kind in KINDS}
        # Who brings a chat of their own has buttons there, too.
        may_act = chat is not None or (self._app is not None and self._app.may_act)
        if chat is None:
            chat = SlackChat(token.get_secret_value(), settings.slack_api) if self._app else ConsoleChat(_say)
        if metrics is not None:
            chat = MeteredChat(chat, metrics)
        look = Look(words, zone, channels, links, self._reporting, may_act)
        self.projection = Projection(Cards(open_engine(settings.journal), settings.instance), chat, look, now)

    def _engine(self, settings: Settings) -> Engine:
        self._engines.append(open_engine(settings.journal))
        return self._engines[-1]

    def _slack_app(self, settings: Settings, desk: Desk, links: Links, words: Words) -> SlackApp:
        people = People(settings.slack_permitted, self._keys.client())
        commands = Commands(
            Reader(self._engine(settings)),
            self._reporting,
            people,
            settings.slack_channels.values(),
            words,
            zone=ZoneInfo(settings.slack_zone),
            region=settings.region,
            link_of=links.call,
        )
        return SlackApp(self._keys, desk, people, commands, words)

    async def start(self) -> None:
        """Begin to tell, and to listen; the journal must be open."""
        await self._reporting.start()
        self.projection.start()
        if self._app:
            self._inquiry = asyncio.create_task(self._inquire(), name="slack-inquiry")
            await self._app.start()

    async def close(self) -> None:
        """End; what is not told by then is told when the service starts again."""
        if self._inquiry:
            self._inquiry.cancel()
            await asyncio.wait({self._inquiry})
        if self._app:
            await self._app.close()
        await self.projection.close()
        await self._reporting.close()
        for engine in self._engines:
            engine.dispose()

    async def _inquire(self) -> None:
        """Say what Slack would say to the first call, while there is time to mend it."""
        found = await inquire(self._keys, self._channels)
        if found.who:
            log.info("slack", we=found.who)
        for problem in found.problems:
            log.warning("slack", problem=problem)


def slack_keys(settings: Settings) -> Keys:
    """Return what opens Slack."""
    return Keys(
        settings.slack_token.get_secret_value(),
        settings.slack_app_token.get_secret_value(),
        settings.slack_signing_secret.get_secret_value(),
        settings.slack_api,
    )


def _say(key: int, text: str) -> None:
    for line in text.splitlines():
        log.info("channel", key=key, text=line)

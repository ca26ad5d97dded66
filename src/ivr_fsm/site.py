"""What people and programs see of calls in a browser: the inspector, recordings, the login."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from aiohttp import web

from ivr_fsm.call.desk import Desk
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.settings import Settings
from ivr_fsm.web.access import Access
from ivr_fsm.web.inspector.archive import Shelf
from ivr_fsm.web.inspector.clerk import Clerk
from ivr_fsm.web.inspector.routes import Inspector
from ivr_fsm.web.login import Login
from ivr_fsm.web.recordings import Recordings


class Site:
    """All pages over one journal.

    Attributes:
        access: who may see what.
    """

    def __init__(
        self, settings: Settings, now: Callable[[], datetime], desk: Desk | None = None, plan: str = ""
    ) -> None:
        """Serve nothing yet.

        Args:
            settings: which journal and recordings, and who may see them.
            now: the wall clock.
            desk: carries out what people press; None: nobody can do anything here.
            plan: the revision of the plan of calls to come; empty: that of the newest call.
        """
        self._url = settings.web_url.rstrip("/")
        token = settings.web_token.get_secret_value()
        self.access = Access(token, now, settings.named_people, settings.web_url)
        lasts = timedelta(days=settings.web_link_days)
        self._recordings = Recordings(settings.recordings, self.access, settings.web_url, lasts)
        self._inspector: Inspector | None = None
        self.routes: Sequence[web.AbstractRouteDef] = self._recordings.routes
        if settings.journal == "none":
            return
        shelf = Shelf(settings.journal, settings.slack_zone, settings.recordings, plan)
        inspector = Inspector(Clerk(shelf), self.access, settings.watch_language, desk)
        login = Login(self.access, inspector.sign_in, settings.web_url)
        self._inspector = inspector
        self.routes = [*self.routes, *inspector.routes, *login.routes]

    def start(self) -> None:
        """Get ready to make pages."""
        if self._inspector:
            self._inspector.start()

    async def close(self) -> None:
        """Serve nothing any more."""
        if self._inspector:
            await self._inspector.close()
        self._recordings.close()

    def call_link(self, call: CallEntry) -> str | None:
        """Return a link to a call's page; None: it is not known how the pages are reached from outside."""
        return f"{self._url}/calls/{call.call}" if self._inspector and self._url else None

    def recording_link(self, call_id: str) -> str | None:
        """Return a link to the recording of a call, whether it was made or not; None: none can be given."""
        return self._recordings.link(call_id)

"""Logging in with a token, and out: ``/login`` and ``/logout``."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from aiohttp import web

from ivr_fsm.web import guard
from ivr_fsm.web.access import COOKIE, Access
from ivr_fsm.web.forms import form_of
from ivr_fsm.web.sessions import LASTS

Page = Callable[[web.Request, str, str], str]
"""Makes the page for a request, the path to go to afterwards, and what was wrong.

That is ``wrong`` for the token, ``wait`` for too many of them, and empty before there was any.
"""

log = structlog.get_logger(__name__)


class Login:
    """The routes of logging in and out."""

    def __init__(self, access: Access, page: Page, url: str = "") -> None:
        """Serve nothing yet.

        Args:
            access: knows whose token it is.
            page: makes the page; it must be quick.
            url: where the web server is reached from outside; empty: that is not known.
        """
        self._access = access
        self._make = page
        self._always_https = url.startswith("https:")

    @property
    def routes(self) -> list[web.RouteDef]:
        """What the web server has to serve."""
        return [
            web.get("/login", self._ask),
            web.post("/login", self._log_in),
            web.post("/logout", self._log_out),
        ]

    async def _ask(self, request: web.Request) -> web.Response:
        self._check_has_login()
        return self._page(request, request.query.get("next", ""))

    async def _log_in(self, request: web.Request) -> web.Response:
        self._check_has_login()
        self._access.check_own_page(request)
        form = await form_of(request)
        onward = form.get("next", "")
        try:
            person = self._access.with_token(request, form.get("token", "").strip())
        except web.HTTPTooManyRequests as error:
            page = self._page(request, onward, "wait", error.status)
            page.headers["Retry-After"] = error.headers["Retry-After"]
            return page
        if person is None:
            return self._page(request, onward, "wrong", 401)
        log.info("logged in", person=person.name)
        response = _to(_safe(onward))
        response.set_cookie(
            COOKIE,
            self._access.sessions.begin(person.name),
            max_age=int(LASTS.total_seconds()),
            httponly=True,
            secure=self._always_https or guard.by_https(request),
            # Not Strict: a link in Slack must open the page of whoever has logged in. What changes something
            # is asked for with POST, which a cookie that is Lax does not go along with from other sites, and
            # which must come from a page of ours besides.
            samesite="Lax",
        )
        return response

    async def _log_out(self, request: web.Request) -> web.Response:
        self._access.check_own_page(request)
        response = _to("/login" if self._access.has_login else "/")
        response.del_cookie(COOKIE)
        return response

    def _check_has_login(self) -> None:
        if not self._access.has_login:
            raise web.HTTPNotFound(
                text="nobody logs in here: there is neither IVR_WEB_TOKENS nor IVR_WEB_TOKEN\n"
            )

    def _page(self, request: web.Request, onward: str, fault: str = "", status: int = 200) -> web.Response:
        page = self._make(request, _safe(onward), fault)
        # A 401 names a scheme; browsers know none of that name, and show the page.
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
        return web.Response(text=page, status=status, content_type="text/html", headers=headers)


def _safe(path: str) -> str:
    """Return *path* if it is one on this site that a browser reads as we do, else that of the first page."""
    sound = path.startswith("/") and path[1:2] not in ("/", "\\") and path.isascii() and path.isprintable()
    return path if sound and len(path) <= 2000 else "/"


def _to(path: str) -> web.Response:
    """Return a way to *path*, relative to here: a proxy may serve us in a folder."""
    return web.Response(status=303, headers={"Location": f".{path}"})

"""The inspector over HTTP: who asks, what for, and what they get."""

from __future__ import annotations

import gzip
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from ivr_fsm.call.desk import Desk
from ivr_fsm.journal.database import JournalError
from ivr_fsm.web.access import Access
from ivr_fsm.web.forms import form_of
from ivr_fsm.web.inspector import made, sign_in
from ivr_fsm.web.inspector.clerk import Busy, Clerk
from ivr_fsm.web.inspector.look import Look
from ivr_fsm.web.inspector.made import Made
from ivr_fsm.web.inspector.stream import Stream
from ivr_fsm.web.inspector.templates import STATIC
from ivr_fsm.web.inspector.words import LANGUAGES, words_of
from ivr_fsm.web.people import Person, Right

COOKIE = "ivr_look"
"""What a browser keeps of how pages look: ``ru.dark``."""

_THEMES = ("light", "dark")
_KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_A_YEAR = 31536000


class Inspector:
    """The pages of calls."""

    def __init__(self, clerk: Clerk, access: Access, language: str, desk: Desk | None) -> None:
        """Serve nothing yet.

        Args:
            clerk: has the pages made.
            access: who may see them, and do what.
            language: of who has not chosen one.
            desk: carries out what people press; None: nobody can do anything here.
        """
        self._clerk = clerk
        self._access = access
        self._language = language
        self._desk = desk
        self._stream = Stream(clerk)
        self._static = {file.name: file.read_bytes() for file in STATIC.iterdir() if file.is_file()}

    @property
    def routes(self) -> list[web.RouteDef]:
        """What the web server has to serve."""
        return [
            web.get("/", self._home),
            web.get("/calls", self._calls),
            web.get(r"/calls/{name:[0-9A-Za-z-]+}.json", self._document),
            web.get("/calls/{name}", self._call),
            web.get("/flow", self._flow),
            web.get("/live", self._live),
            web.get("/static/{name}", self._file),
            web.post("/look", self._choose),
            web.post("/calls/{name}/{action}", self._act),
        ]

    def start(self) -> None:
        """Get ready to make pages."""
        self._clerk.start()
        # A template is compiled when it is first used, and this one is used on the loop of the calls.
        sign_in.page(Look(), "/", "")

    async def close(self) -> None:
        """Serve nothing any more."""
        await self._stream.close()
        self._clerk.close()

    def look(self, request: web.Request, person: Person | None) -> Look:
        """Return how pages are shown to *person*, who asks for one; None: to who has not logged in."""
        language, _, theme = request.cookies.get(COOKIE, "").partition(".")
        logged_in = person is not None and not self._access.open
        return Look(
            language=language if language in LANGUAGES else self._language,
            theme=theme if theme in _THEMES else "",
            name=person.name if person and logged_in else "",
            may_log_out=logged_in and self._access.has_login,
            numbers=person is not None and person.may(Right.NUMBERS),
            listen=person is not None and person.may(Right.LISTEN),
            act=self._desk is not None and person is not None and person.may(Right.ACT),
            unguarded=self._access.open,
        )

    def sign_in(self, request: web.Request, onward: str, fault: str) -> str:
        """Return the page on which people log in (`ivr_fsm.web.login.Page`)."""
        return sign_in.page(self.look(request, None), onward, fault)

    def _seen(self, request: web.Request) -> Look:
        return self.look(request, self._access.require(request, Right.SEE))

    async def _home(self, _request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("calls")

    async def _calls(self, request: web.Request) -> web.StreamResponse:
        return await self._page(request, made.calls_page, self._seen(request), dict(request.query))

    async def _call(self, request: web.Request) -> web.StreamResponse:
        look, name = self._seen(request), request.match_info["name"]
        return await self._page(request, made.call_page, look, name, dict(request.query))

    async def _document(self, request: web.Request) -> web.StreamResponse:
        look, name = self._seen(request), request.match_info["name"]
        return await self._page(request, made.call_document, look, name)

    async def _flow(self, request: web.Request) -> web.StreamResponse:
        return await self._page(request, made.flow_page, self._seen(request), dict(request.query))

    async def _live(self, request: web.Request) -> web.StreamResponse:
        look, call = self._seen(request), request.query.get("call", "")
        if call and not (call.isascii() and call.isdecimal() and len(call) < 20):
            raise web.HTTPBadRequest(text="call must be the key of one\n")
        return await self._stream.serve(request, look, int(call) if call else None)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if (body := self._static.get(name)) is None:
            raise web.HTTPNotFound(text="there is no such file\n")
        kind = _KINDS[name.rpartition(".")[2]]
        # Its address changes with what is in it.
        keep = f"public, max-age={_A_YEAR}, immutable" if request.query_string else "no-cache"
        return web.Response(body=body, content_type=kind, charset="utf-8", headers={"Cache-Control": keep})

    async def _page(self, request: web.Request, work: Any, *args: Any) -> web.Response:
        """Return what *work* makes."""
        try:
            page: Made = await self._clerk.ask(work, *args)
        except Busy as busy:
            text = f"{busy}: try again in a moment\n"
            raise web.HTTPServiceUnavailable(text=text, headers={"Retry-After": "2"}) from None
        headers: dict[str, str] = {"Vary": "Accept-Encoding, Cookie"}
        if page.name:
            headers["Content-Disposition"] = f'attachment; filename="{page.name}"'
        body = page.gzipped
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
        else:
            body = gzip.decompress(body)
        kind = "application/json" if page.name else "text/html"
        return web.Response(
            body=body, status=page.status, content_type=kind, charset="utf-8", headers=headers
        )

    async def _choose(self, request: web.Request) -> web.StreamResponse:
        """Keep the language or the theme that somebody has chosen."""
        self._access.check_own_page(request)
        look, form = self.look(request, None), await form_of(request)
        language, theme = form.get("language", look.language), form.get("theme", look.theme)
        response = web.HTTPSeeOther(_back(request))
        if language in LANGUAGES and theme in ("", *_THEMES):
            response.set_cookie(
                COOKIE, f"{language}.{theme}", max_age=_A_YEAR, httponly=True, samesite="Lax", path="/"
            )
        raise response

    async def _act(self, request: web.Request) -> web.StreamResponse:
        """Do what somebody has pressed, and show the call again."""
        person = self._access.require(request, Right.ACT)
        if self._desk is None:
            raise web.HTTPConflict(text="nothing can be done here: these are the pages of a journal alone\n")
        name, action = request.match_info["name"], request.match_info["action"]
        key = await self._key(name)
        by = words_of(self._language).text("page.somebody") if self._access.open else person.name
        answer = await _pressed(self._desk, action, key, by)
        raise web.HTTPSeeOther(f"../{key}?done={answer}")

    async def _key(self, name: str) -> int:
        try:
            key = await self._clerk.ask(made.key_of, name)
        except (Busy, JournalError) as error:
            raise web.HTTPServiceUnavailable(text=f"{error}: try again in a moment\n") from None
        if key is None:
            raise web.HTTPNotFound(text="there is no such call\n")
        return key


async def _pressed(desk: Desk, action: str, key: int, by: str) -> str:
    match action:
        case "send_office":
            return await desk.send(key, "office", by)
        case "send_call_centre":
            return await desk.send(key, "call_centre", by)
        case "stop":
            return await desk.stop(key, by)
        case "call_back":
            return await desk.call_back(key, by)
        case "done":
            return await desk.done(key, by)
    raise web.HTTPNotFound(text="there is no such button\n")


def _back(request: web.Request) -> str:
    """Return the page that a form was sent from: a path of this site."""
    try:
        parts = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return "calls"
    path = parts.path if parts.path.startswith("/") and not parts.path.startswith("//") else ""
    return f"{path}?{parts.query}" if path and parts.query else path or "calls"

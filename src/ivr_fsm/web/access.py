"""Who asks, and what they may: by token, login, word of a proxy, signed link, or from this machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

import structlog
from aiohttp import web

from ivr_fsm.web import guard
from ivr_fsm.web.people import NOBODY, PROGRAM, People, Person, Right
from ivr_fsm.web.sessions import Sessions, Tries, same, sign

COOKIE = "ivr_session"
"""What a browser keeps of a login."""

LOCAL = Person("localhost")
"""Everybody, as long as nothing is configured."""

_UNSET = "IVR_WEB_TOKEN, IVR_WEB_TOKENS and IVR_WEB_USER_HEADER are not set"

log = structlog.get_logger(__name__)


class Access:
    """Decides about requests, and signs links.

    Attributes:
        open: nothing is configured: everybody on this machine may do everything, and nobody else anything.
        has_login: there are tokens to log in with.
        sessions: who has logged in.
    """

    def __init__(
        self, token: str, now: Callable[[], datetime], people: People = NOBODY, url: str = ""
    ) -> None:
        """Know who may come in.

        Args:
            token: lets a program do everything (``Authorization: Bearer …``), and signs links; empty: none.
            now: the wall clock, aware.
            people: those who have names.
            url: where the web server is reached from outside; empty: that is not known.
        """
        self._token = token
        self._now = now
        self._people = people
        self._origin = guard.origin_of(url)
        self._tokens = {**people.tokens, **({PROGRAM: token} if token else {})}
        self._persons = {name: people.with_token(name) for name in people.tokens} | {PROGRAM: Person(PROGRAM)}
        self._tries = Tries(now)
        self.sessions = Sessions(self._tokens, now)
        self.has_login = bool(self._tokens)
        self.open = not self._tokens and not people.header

    def person(self, request: web.Request) -> Person:
        """Return who makes *request*.

        Raises:
            web.HTTPException: 303 to the login where a browser wants a page; else 401, 403 or 429 and why.
        """
        if self.open:
            if not guard.is_local(request):
                raise web.HTTPForbidden(text=f"only for this machine: {_UNSET}\n")
            person = LOCAL
        elif (name := self._said_by_proxy(request)) is not None:
            if (found := self._people.sent_by_proxy(name)) is None:
                raise web.HTTPForbidden(text="you may do nothing here: you are not in IVR_WEB_PEOPLE\n")
            person = found
        elif self.has_login and (token := _bearer(request)) is not None:
            if (found := self.with_token(request, token)) is None:
                raise _unauthorized("the token is wrong")
            # No browser sends that by itself: no page of another site can be behind it.
            return found
        elif (whose := self.sessions.whose(request.cookies.get(COOKIE, ""))) is not None:
            person = self._persons[whose]
        else:
            raise self._stranger(request)
        if not guard.changes_nothing(request):
            self.check_own_page(request)
        return person

    def require(self, request: web.Request, right: Right) -> Person:
        """Return who makes *request*, if they have *right*.

        Raises:
            web.HTTPException: as `person` does; 403 where they are known and have no such right.
        """
        person = self.person(request)
        if not person.may(right):
            raise web.HTTPForbidden(text=f"{person.name} has no right to {right.value}: IVR_WEB_PEOPLE\n")
        return person

    def require_or_link(self, request: web.Request, right: Right) -> str:
        """Return who makes *request*, if they have *right*; "a link" if it is one that we signed.

        Raises:
            web.HTTPException: as `require` does; 403 where the link has expired, or is not ours.
        """
        if self._token and "signature" in request.query:
            self._check_link(request)
            return "a link"
        return self.require(request, right).name

    def address(self, request: web.Request) -> str:
        """Return the address that *request* comes from, as far as our proxies tell it."""
        return guard.asker(request, self._people.proxies)

    def check_own_page(self, request: web.Request) -> None:
        """See that no page of another site is behind *request*.

        Raises:
            web.HTTPForbidden: one may be.
        """
        if not guard.from_own_page(request, self._origin):
            raise web.HTTPForbidden(text="a page of another site may be behind this; IVR_WEB_URL is ours\n")

    def with_token(self, request: web.Request, token: str) -> Person | None:
        """Return whose *token* it is that came with *request*; None: nobody's.

        Raises:
            web.HTTPTooManyRequests: too many were wrong that came from there.
        """
        address = self.address(request)
        if wait := self._tries.wait(address):
            text = "too many wrong tokens: wait a minute\n"
            raise web.HTTPTooManyRequests(headers={"Retry-After": str(wait)}, text=text)
        # All of them, always: the time tells nothing.
        found = [name for name, known in self._tokens.items() if same(token, known)]
        if not found:
            self._tries.wrong(address)
            log.warning("wrong token", address=address, path=request.path[:200])
            return None
        return self._persons[found[0]]

    def signed(self, path: str, lasts: timedelta) -> str:
        """Return *path* with a signature that lets whoever has it read just that, as long as it *lasts*.

        Without a token to sign with, the path as it is: whoever follows it must have the right.
        """
        if not self._token:
            return path
        expires = str(int((self._now() + lasts).timestamp()))
        return f"{path}?{urlencode({'expires': expires, 'signature': self._signature(path, expires)})}"

    def _check_link(self, request: web.Request) -> None:
        expires = request.query.get("expires", "")
        if not same(request.query["signature"], self._signature(request.path, expires)):
            raise web.HTTPForbidden(text="the link is not one of ours\n")
        if int(expires) < self._now().timestamp():
            raise web.HTTPForbidden(text="the link has expired\n")

    def _signature(self, path: str, expires: str) -> str:
        return sign(self._token, "link", expires, path)

    def _said_by_proxy(self, request: web.Request) -> str | None:
        """Return the name that our proxy has given whoever asks; None: it has given none."""
        header = self._people.header
        if not header or header not in request.headers or not guard.is_from(request, self._people.proxies):
            return None
        # Two of them: one is not the proxy's.
        names = request.headers.getall(header)
        return names[0].strip() if len(names) == 1 else ""

    def _stranger(self, request: web.Request) -> web.HTTPException:
        if not self.has_login:
            return web.HTTPForbidden(
                text=f"no proxy of IVR_WEB_PROXIES said in {self._people.header} who asks\n"
            )
        if guard.changes_nothing(request) and "text/html" in request.headers.get("Accept", ""):
            return web.HTTPSeeOther(login_of(request))
        return _unauthorized("the token is missing")


def login_of(request: web.Request) -> str:
    """Return where to log in and come back to *request*, relative to it: a proxy may serve us in a folder."""
    up = "../" * (request.rel_url.raw_path.count("/") - 1)
    return f"{up or './'}login?next={quote(request.path_qs, safe='/')}"


def _bearer(request: web.Request) -> str | None:
    """Return the token that a program sent; None: none. Another scheme is between the asker and a proxy."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else None


def _unauthorized(why: str) -> web.HTTPUnauthorized:
    return web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"}, text=f"{why}\n")

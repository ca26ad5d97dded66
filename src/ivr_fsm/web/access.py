"""Who may read: whoever has the token, or a link that was signed with it and has not expired."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlencode, urlsplit

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Access:
    """Decides about requests, and signs links.

    Attributes:
        token: what a program sends as ``Authorization: Bearer …``; empty: everybody on this machine may read.
        now: the wall clock, aware.
    """

    token: str
    now: Callable[[], datetime]

    def signed(self, path: str, lasts: timedelta) -> str:
        """Return *path* with a signature that lets whoever has it read just that, as long as it *lasts*."""
        if not self.token:
            return path
        expires = str(int((self.now() + lasts).timestamp()))
        return f"{path}?{urlencode({'expires': expires, 'signature': self._signature(path, expires)})}"

    def check(self, request: web.Request) -> None:
        """Let *request* pass.

        Raises:
            web.HTTPException: 401 or 403, with the reason.
        """
        if not self.token:
            # A page of any site may name this machine by a name of its own, and a proxy may stand before it.
            if not is_loopback(_host(request.host)):
                raise web.HTTPForbidden(text="only for this machine: IVR_WEB_TOKEN is not set\n")
        elif "signature" in request.query:
            self._check_link(request)
        elif not _same(request.headers.get("Authorization", ""), f"Bearer {self.token}"):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"}, text="the token is missing\n")

    def _check_link(self, request: web.Request) -> None:
        expires = request.query.get("expires", "")
        if not _same(request.query["signature"], self._signature(request.path, expires)):
            raise web.HTTPForbidden(text="the link is not one of ours\n")
        if int(expires) < self.now().timestamp():
            raise web.HTTPForbidden(text="the link has expired\n")

    def _signature(self, path: str, expires: str) -> str:
        said = f"ivr-fsm link\n{expires}\n{path}".encode("utf-8", "replace")
        return hmac.new(self.token.encode(), said, "sha256").hexdigest()


def is_loopback(host: str) -> bool:
    """Say whether *host*, a name or an address, can only be this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _host(named: str) -> str:
    """Return the host of a ``Host`` header, without the port."""
    try:
        return urlsplit(f"//{named}").hostname or ""
    except ValueError:
        return ""


def _same(given: str, wanted: str) -> bool:
    # In a time that does not tell how much of it is right.
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8", "replace"))

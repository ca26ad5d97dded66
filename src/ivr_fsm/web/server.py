"""The web server of the service, on the loop that its calls are on: what is slow belongs into a thread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

import structlog
from aiohttp import web

from ivr_fsm.web.guard import by_https

CLOSING = 1.0
"""Seconds that a request may still take when the service stops."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger(__name__)


class WebServer:
    """Serves *routes* at *host* and *port* (0: any free one)."""

    def __init__(self, host: str, port: int, routes: Iterable[web.AbstractRouteDef]) -> None:
        self.host = host
        self.port = port
        app = web.Application(middlewares=[_tell_faults])
        app.on_response_prepare.append(_be_careful)
        app.add_routes(routes)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSING)

    async def listen(self) -> None:
        """Listen.

        Raises:
            OSError: that cannot be done.
        """
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self._runner.addresses[0][1]

    async def start(self) -> None:
        """Listen. That it cannot is only logged: calls are served all the same."""
        try:
            await self.listen()
        except OSError as error:
            effect = "no pages and no recordings; calls are served"
            log.error(
                "web server not started", why=str(error), see="IVR_WEB_HOST, IVR_WEB_PORT", effect=effect
            )
            return
        log.info("web server", host=self.host, port=self.port)

    async def close(self) -> None:
        """Listen no more, and end what is being served."""
        await self._runner.cleanup()


@web.middleware
async def _tell_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log what a handler did not expect; who asked learns nothing of it."""
    try:
        return await handler(request)
    except (web.HTTPException, ConnectionError):
        raise
    except Exception:
        log.exception("request failed", method=request.method, path=request.path[:200])
        return web.Response(status=500, text="internal error\n")


async def _be_careful(request: web.Request, response: web.StreamResponse) -> None:
    """Keep what is served out of caches and out of other sites' pages, and pages to what is ours."""
    response.headers.setdefault("Cache-Control", "private, no-store")
    response.headers.update(_CAREFUL)
    if by_https(request):
        response.headers["Strict-Transport-Security"] = "max-age=31536000"


_POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self' data:",
    "media-src": "'self'",
    "connect-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}

_CAREFUL = {
    "Content-Security-Policy": "; ".join(f"{what} {whence}" for what, whence in _POLICY.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Not no-referrer: with that, browsers leave out whose page a form was sent from.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

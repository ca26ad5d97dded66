"""What every response says to browsers."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession, web
from tests.web.site import OLGA, people, serving

from ivr_fsm.web.server import WebServer

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/calls/x", "GET", 401),
        ("/numbers", "GET", 401),
        ("/login", "GET", 200),
        ("/login", "POST", 403),
        ("/nowhere", "GET", 404),
        ("/numbers", "DELETE", 405),
    ],
)
async def test_every_response_is_careful(path: str, method: str, status: int) -> None:
    async with serving(people=people()) as site:
        answer = await site.ask(path, method)
        assert answer.status == status
        said = answer.headers
        assert said["Content-Security-Policy"] == POLICY
        assert said["X-Frame-Options"] == "DENY"
        assert said["X-Content-Type-Options"] == "nosniff"
        assert said["Cross-Origin-Opener-Policy"] == "same-origin"
        assert said["Cross-Origin-Resource-Policy"] == "same-origin"
        assert said["Referrer-Policy"] == "same-origin"
        assert said["Cache-Control"] == "private, no-store"
        assert "camera=()" in said["Permissions-Policy"]
        assert "Strict-Transport-Security" not in said


async def test_https_stays_https() -> None:
    async with serving(people=people()) as site:
        for answer in (
            await site.ask(X_Forwarded_Proto="https"),
            await site.log_in(OLGA, X_Forwarded_Proto="https"),
        ):
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


async def test_a_handler_says_what_may_be_kept_and_nothing_else() -> None:
    async def style(_request: web.Request) -> web.Response:
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Frame-Options": "ALLOWALL"}
        return web.Response(text="", headers=headers)

    async def broken(_request: web.Request) -> web.Response:
        raise RuntimeError("secret")

    server = WebServer("127.0.0.1", 0, [web.get("/style", style), web.get("/broken", broken)])
    await server.start()
    try:
        async with ClientSession(f"http://127.0.0.1:{server.port}") as session:
            async with session.get("/style") as said:
                assert said.headers["Cache-Control"] == "public, max-age=31536000, immutable"
                assert said.headers["X-Frame-Options"] == "DENY"
            async with session.get("/broken") as said:
                assert said.status == 500
                assert said.headers["Content-Security-Policy"] == POLICY
                assert "secret" not in await said.text()
    finally:
        await server.close()

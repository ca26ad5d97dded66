"""The marketplace's API as a marketplace would serve it: for integrators, and for our tests."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from aiohttp import web

from ivr_fsm.directory import contract, openapi
from ivr_fsm.directory.faulty import FAULTS, Fault
from ivr_fsm.directory.port import Directory, DirectoryError
from ivr_fsm.flow import caller as flow
from ivr_fsm.phone import BadPhone, mask, parse_dialable

LARGEST = 100_000
"""Bytes of a record."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Stub:
    """Answers from a directory, and keeps what it is told in memory, each record once."""

    def __init__(
        self,
        directory: Directory,
        token: str,
        *,
        say: Callable[[str], None] = lambda _line: None,
        region: str = "RU",
        mask_phones: bool = False,
        fault: Fault | None = None,
    ) -> None:
        """Serve nothing yet.

        Args:
            directory: who is who.
            token: what callers of the API must show; empty: anything will do.
            say: told each request in one line.
            region: the country whose national phone numbers are understood.
            mask_phones: hide the middle of phone numbers in those lines.
            fault: what is wrong with every answer.
        """
        self._directory = directory
        self._token = token
        self._say = say
        self._region = region
        self._shown = mask if mask_phones else str
        self._fault = fault
        self.calls: dict[str, contract.EndedCall] = {}
        """What was told, by its key."""

    def app(self) -> web.Application:
        """Return the application."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._guard(request, handler)

        app = web.Application(middlewares=[guard], client_max_size=LARGEST)
        app.router.add_get(contract.CALLER, self._caller)
        app.router.add_get(contract.ANSWERER, self._answerer)
        app.router.add_post(contract.CALLS, self._call_ended)
        app.router.add_get(contract.CALLS, self._told)
        app.router.add_get("/openapi.yaml", self._openapi)
        return app

    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        allowed = not self._token or secrets.compare_digest(given.encode(), self._token.encode())
        if not allowed and request.path != "/openapi.yaml":
            return self._refuse(request, 401, "the header must be Authorization: Bearer and the token")
        if self._fault and request.path != "/openapi.yaml":
            self._say(f"{_now()} {request.method} {request.path} → {self._fault}")
            return await FAULTS[self._fault](request)
        try:
            return await handler(request)
        except BadPhone as error:
            return self._refuse(request, 400, str(error))
        except DirectoryError as error:
            return self._refuse(request, 503, str(error))

    async def _caller(self, request: web.Request) -> web.StreamResponse:
        phone = self._phone(request)
        found = await self._directory.identify(phone)
        answer = contract.caller_of(found)
        self._told_of(request, phone, _caller_words(found))
        return _json(answer.model_dump_json())

    async def _answerer(self, request: web.Request) -> web.StreamResponse:
        phone = self._phone(request)
        found = await self._directory.who_answers(phone)
        said = "" if found.description == phone else found.description
        self._told_of(request, phone, found.name or said or "nothing is known of it")
        return _json(contract.Person(name=found.name, description=said).model_dump_json())

    async def _call_ended(self, request: web.Request) -> web.StreamResponse:
        try:
            told = contract.read(contract.ENDED_CALL, await request.read())
        except DirectoryError as error:
            return self._refuse(request, 400, str(error).replace("the answer", "the body"))
        if request.headers.get(contract.KEY_HEADER) != told.id:
            return self._refuse(request, 400, f"the header {contract.KEY_HEADER} must be the record's id")
        repeated = self.calls.setdefault(told.id, told) is not told
        self._told_of(request, told.caller or "hidden", told.outcome + (" (told again)" if repeated else ""))
        return web.Response(status=200 if repeated else 201)

    async def _told(self, _request: web.Request) -> web.StreamResponse:
        return _json(f"[{','.join(each.model_dump_json() for each in self.calls.values())}]")

    async def _openapi(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text=openapi.text(), content_type="application/yaml")

    def _phone(self, request: web.Request) -> str:
        # A plus that was not sent as %2B is read as a space.
        return parse_dialable(request.query.get("phone", "").replace(" ", "+", 1), self._region)

    def _refuse(self, request: web.Request, status: int, why: str) -> web.Response:
        self._say(f"{_now()} {request.method} {request.path} → {status}: {why}")
        return web.json_response({"error": why}, status=status)

    def _told_of(self, request: web.Request, phone: str, said: str) -> None:
        self._say(f"{_now()} {request.method} {request.path} {self._shown(phone)} → {said}")


def _caller_words(found: flow.Caller) -> str:
    match found:
        case flow.Partner(shop=shop):
            return f"partner: {shop.name}"
        case flow.Customer(name=name, order=None):
            return f"customer: {name}, no active order"
        case flow.Customer(name=name, order=order):
            return f"customer: {name}, order {order.id if order else ''}"
        case flow.Unknown():
            return "unknown"


def _json(text: str) -> web.Response:
    return web.Response(text=text, content_type="application/json")


def _now() -> str:
    return f"{datetime.now(UTC).astimezone():%H:%M:%S}"

"""The directory behind the marketplace's HTTP API (docs/marketplace.md)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

import aiohttp
import structlog
from pydantic import TypeAdapter
from yarl import URL

from ivr_fsm.directory import contract
from ivr_fsm.directory.breaker import Breaker, OutOfReach
from ivr_fsm.directory.port import Answerer, CallRecord, DirectoryError
from ivr_fsm.directory.replies import judge, named, read_body, said
from ivr_fsm.flow.caller import Caller, Unknown
from ivr_fsm.phone import BadPhone, parse_dialable

TELLING = 10.0
"""Seconds that the API may take to keep the record of a call. Nobody waits for it."""

log = structlog.get_logger(__name__)

_T = TypeVar("_T")


class HttpDirectory:
    """A `Directory` that asks the marketplace.

    A question is asked once more when its connection breaks (a GET may be repeated), within its time.
    Redirects are not followed: the token is meant for one host only. No message of an error has a phone or
    the token in it.
    """

    def __init__(self, address: str, token: str, *, timeout: float = 1.8, region: str = "RU") -> None:
        """Ask nothing yet.

        Args:
            address: URL under which the paths of the contract are.
            token: the bearer token.
            timeout: seconds for the answer to a question, for which a caller waits.
            region: the country whose national phone numbers are understood.
        """
        self._address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        self._timeout = timeout
        self._region = region
        self._session: aiohttp.ClientSession | None = None
        self._callers = Breaker("identify", lambda: self._identify(contract.NOBODY))
        self._answerers = Breaker("who_answers", lambda: self._who_answers(contract.NOBODY))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is doubtful in the address."""
        url = URL(self._address)
        if url.scheme == "https" or url.host in ("127.0.0.1", "::1", "localhost"):
            return ()
        return (f"IVR_MARKETPLACE: over http:// everybody on the way to {url.host} can read the token",)

    async def identify(self, phone: str) -> Caller:
        """Say who calls; see `Directory.identify`."""
        return await _guarded(self._callers, self._identify, phone) if phone else Unknown()

    async def who_answers(self, phone: str) -> Answerer:
        """Say who is at a number; see `Directory.who_answers`."""
        try:
            number = parse_dialable(phone, self._region)
        except BadPhone:
            return Answerer(None, phone)
        return await _guarded(self._answerers, self._who_answers, number)

    async def call_ended(self, record: CallRecord) -> None:
        """Hand over the record of a call; see `Directory.call_ended`."""
        told = contract.EndedCall.of(record)
        headers = {contract.KEY_HEADER: told.id, "Content-Type": "application/json"}
        async with _asking("call_ended", TELLING):
            await self._request("POST", contract.CALLS, headers=headers, body=told.model_dump_json())

    async def check(self) -> None:
        """Ask both questions about nobody's number.

        Raises:
            DirectoryError: the API cannot be used; the message says why.
        """
        await self._identify(contract.NOBODY)
        await self._who_answers(contract.NOBODY)

    async def close(self) -> None:
        """Close the connections."""
        await self._callers.close()
        await self._answerers.close()
        if self._session is not None:
            await self._session.close()

    async def _identify(self, phone: str) -> Caller:
        answer = await self._ask("identify", contract.CALLER, phone, contract.CALLER_ANSWER)
        return answer.to_flow()

    async def _who_answers(self, phone: str) -> Answerer:
        answer = await self._ask("who_answers", contract.ANSWERER, phone, contract.PERSON_ANSWER)
        return answer.to_port(phone)

    async def _ask(self, question: str, path: str, phone: str, answer: TypeAdapter[_T]) -> _T:
        async with _asking(question, self._timeout):
            try:
                body = await self._request("GET", path, phone=phone)
            except (aiohttp.ClientError, OSError):
                body = await self._request("GET", path, phone=phone)
            found, wrong = contract.read_leniently(answer, body)
            if wrong:
                log.warning("directory", problem=f"{question}: {wrong}; taken for empty")
            return found

    async def _request(
        self,
        method: str,
        path: str,
        *,
        phone: str = "",
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
    ) -> bytes:
        """Return the body of a good answer.

        Raises:
            DirectoryError: the answer is none.
            TimeoutError, aiohttp.ClientError, OSError: there is no answer, or not all of it.
        """
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers=self._headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None),
            )
        async with self._session.request(
            method,
            self._address + path,
            params={"phone": phone} if phone else None,
            headers=headers,
            data=body,
            allow_redirects=False,
        ) as response:
            judge(response.status, response.headers, telling=method == "POST")
            return b"" if method == "POST" else await read_body(response.content)


@asynccontextmanager
async def _asking(question: str, seconds: float) -> AsyncIterator[None]:
    """Let a question take *seconds* at most, and what goes wrong with it name it."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except DirectoryError as error:
        raise named(question, error) from None
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise OutOfReach(f"{question}: {said(error, seconds)}") from error


async def _guarded(breaker: Breaker, ask: Callable[[str], Awaitable[_T]], phone: str) -> _T:
    if breaker.why:
        raise DirectoryError(f"not asked, because several times in a row: {breaker.why}")
    try:
        answer = await ask(phone)
    except OutOfReach as error:
        breaker.failed(str(error))
        raise
    except DirectoryError:
        breaker.answered()
        raise
    breaker.answered()
    return answer

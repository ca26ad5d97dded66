"""The inspector over a journal, without the service that writes it."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ivr_fsm.cli.common import OUT, JournalOption, fail, journal_of, journal_url, read_settings
from ivr_fsm.logs import configure
from ivr_fsm.settings import Settings
from ivr_fsm.site import Site
from ivr_fsm.web.server import WebServer


def inspect(
    journal: JournalOption = "",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Where to listen; IVR_WEB_PORT when not given.")
    ] = None,
    recordings: Annotated[
        Path | None, typer.Option(help="The folder of recordings; IVR_RECORDINGS when not given.")
    ] = None,
) -> None:
    """Serve the inspector's pages over a journal, until Ctrl-C; ``serve`` serves them by itself."""
    settings = read_settings()
    configure("console", level="warning", mask_phones=settings.mask_phones)
    url = journal_url(journal)
    with journal_of(url):
        pass
    given = {"journal": url, "web_port": port, "recordings": recordings}
    settings = settings.model_copy(update={name: value for name, value in given.items() if value is not None})
    try:
        asyncio.run(_inspect(settings))
    except OSError as error:
        fail(f"cannot listen on {settings.web_host}:{settings.web_port}: {error}; --port names another")


async def _inspect(settings: Settings) -> None:
    async with _Pages(settings) as pages:
        OUT.print(f"The inspector: {pages.address}  (Ctrl-C ends it)", soft_wrap=True)
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()


class _Pages:
    """The pages on the running loop."""

    def __init__(self, settings: Settings) -> None:
        self._site = Site(settings, lambda: datetime.now(UTC))
        self._web = WebServer(settings.web_host, settings.web_port, self._site.routes)

    @property
    def address(self) -> str:
        return f"http://{self._web.host}:{self._web.port}/calls"

    async def __aenter__(self) -> _Pages:
        await self._web.listen()
        # Not before: where nobody can be listened to, no process is left that makes pages.
        self._site.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._site.close()
        await self._web.close()


@contextmanager
def beside(settings: Settings) -> Iterator[str]:
    """Serve the pages from a thread, beside whatever else is done; the address of the list of calls.

    Raises:
        OSError: the port cannot be listened on.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="inspector", daemon=True)
    thread.start()
    try:
        pages = asyncio.run_coroutine_threadsafe(_opened(settings), loop).result()
        try:
            yield pages.address
        finally:
            asyncio.run_coroutine_threadsafe(pages.__aexit__(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _opened(settings: Settings) -> _Pages:
    try:
        return await _Pages(settings).__aenter__()
    except OSError:
        # Something else is there already: any other port will do.
        return await _Pages(settings.model_copy(update={"web_port": 0})).__aenter__()

"""The marketplace's API from a directory file, for whoever develops against it."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer
from aiohttp import web

from ivr_fsm.app import EXAMPLES
from ivr_fsm.cli.common import fail, read_settings
from ivr_fsm.directory.faulty import Fault
from ivr_fsm.directory.file import FileDirectory
from ivr_fsm.directory.port import DirectoryError
from ivr_fsm.directory.stub import Stub

TOKEN = "stub"  # noqa: S105 - what the stub asks for when nobody says otherwise


def marketplace_stub(
    directory: Annotated[
        Path | None, typer.Option(help="The directory file; IVR_DIRECTORY, or the example, when not given.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8090,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    token: Annotated[str, typer.Option(help="The bearer token; empty: any will do.")] = TOKEN,
    fault: Annotated[Fault | None, typer.Option(help="What is wrong with every answer.")] = None,
) -> None:
    """Serve the marketplace's API from a directory file, to develop against it; see docs/marketplace.md."""
    settings = read_settings()
    file = directory or settings.directory or EXAMPLES / "directory.toml"
    try:
        known = FileDirectory(file, settings.region)
    except DirectoryError as error:
        fail(str(error))
    stub = Stub(
        known, token, say=_print, region=settings.region, mask_phones=settings.mask_phones, fault=fault
    )
    try:
        asyncio.run(_serve(stub, host, port, token, file))
    except OSError as error:
        fail(f"cannot listen on {host}:{port}: {error}; --host and --port say where")


async def _serve(stub: Stub, host: str, port: int, token: str, file: Path) -> None:
    runner = web.AppRunner(stub.app(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        address = f"http://{host}:{runner.addresses[0][1]}"
        _print(f"{file} is served at {address}; what call_ended told: {address}/calls")
        shown = token if token == TOKEN else "…" if token else "any"
        _print(f"to use it: IVR_MARKETPLACE={address} IVR_MARKETPLACE_TOKEN={shown}")
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()
    finally:
        await runner.cleanup()


def _print(line: str) -> None:
    typer.echo("".join(sign if sign.isprintable() else "\ufffd" for sign in line))

"""The service under test: put together as in production, with a directory of one customer."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import structlog
from pydantic import SecretStr

from ivr_fsm import logs
from ivr_fsm.app import Service
from ivr_fsm.directory.port import Answerer, CallRecord
from ivr_fsm.esl.loop import shared_loop
from ivr_fsm.flow.caller import Caller, Customer, Order, Shop
from ivr_fsm.flow.plan import Plan
from ivr_fsm.settings import Settings
from ivr_fsm.watch.log import StepLog
from ivr_fsm.watch.words import Words
from tests.bench.double import SHOP

PROMPTS = Path(__file__).parents[2] / "prompts"

LONG = 3600
"""Seconds: no state's limit ends while calls are counted."""


class OneCustomer:
    """A directory (`ivr_fsm.directory.port.Directory`) where everybody has the same order."""

    _caller = Customer("Мария", Order("10542", Shop("arbat", "Цветы на Арбате", phones=(SHOP,))))

    async def identify(self, phone: str) -> Caller:
        return self._caller

    async def who_answers(self, phone: str) -> Answerer:
        return Answerer(None, phone)

    async def call_ended(self, record: CallRecord) -> None:
        return None

    async def close(self) -> None:
        return None


def plan() -> Plan:
    """Return the default plan without the limits that would end a call that is counted as live.

    The announcement is short, so that calls on the simulator, which plays it in real time, are too.
    """
    return Plan.model_validate(
        {
            "greeting": {"prompt": "FW1", "limit": LONG},
            "announcing": {"plays": ["0 FW8"], "gives_up": 0.3},
            "dialing_shop": {"plays": ["0 FW6"], "gives_up": LONG},
        }
    )


def serve_service(control_port: int, folder: Path, journal: str, slack: str = "") -> None:
    """Serve calls, and log every step as in production, to nowhere.

    Args:
        control_port: where the switch's control connection is.
        folder: where files may be written.
        journal: its URL.
        slack: the address of the Slack that is told of calls; empty: the log is.
    """
    told: dict[str, Any] = {}
    if slack:
        told = {"slack_token": SecretStr("xoxb-bench"), "slack_api": slack}
        told |= {"slack_channel_order": "C0BENCH", "slack_channel_other": "C0BENCH"}
    with asyncio.Runner(loop_factory=shared_loop) as runner:
        runner.run(_serve(control_port, folder, journal, told))


async def _serve(control_port: int, folder: Path, journal: str, told: dict[str, Any]) -> None:
    logs.configure("json")
    with Path(os.devnull).open("w") as nowhere:  # noqa: ASYNC230 - once, before the first call
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(nowhere))
        settings = Settings.model_construct(
            port=0,
            web_port=0,
            max_calls=LONG,
            freeswitch_port=control_port,
            prompts=PROMPTS,
            speech_cache=folder / "speech",
            speech_engine="none",
            journal=journal,
            recordings=folder,
            **told,
        )
        service = Service(settings, plan(), OneCustomer(), [StepLog(Words("ru"))])
        await service.start()
        print(service.server.port, service.web.port, flush=True)
        await asyncio.Event().wait()

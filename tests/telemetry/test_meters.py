"""What comes of questions and messages is counted, and reaches whoever asked unchanged."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from unittest.mock import AsyncMock

import pytest
from structlog.testing import capture_logs

from ivr_fsm.directory.port import Answerer, CallRecord, DirectoryError, RecordRefused
from ivr_fsm.slack.chat import ChatError, ChatRefused, Mark
from ivr_fsm.slack.message import Message
from ivr_fsm.telemetry import sdklog
from ivr_fsm.telemetry.meters import MeteredChat, MeteredDirectory
from ivr_fsm.telemetry.metrics import Metrics

pytestmark = pytest.mark.virtual

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RECORD = CallRecord("0f7e1a52-5b1c-4a3e-9d0e-2a7a3f6f1c11", "+79161234567", None, None, "unanswered", NOON)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("1", "f", "p")


def _counted(metrics: Metrics, name: str) -> dict[str, float]:
    found = {}
    for family in metrics.registry.collect():
        for sample in family.samples:
            if sample.name == name and sample.value:
                found[" ".join(sample.labels.values())] = sample.value
    return found


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (RecordRefused("never"), "refused"),
        (DirectoryError("not now"), "failed"),
        (TypeError("bug"), "failed"),
    ],
)
async def test_what_the_marketplace_does_not_take(metrics: Metrics, error: Exception, result: str) -> None:
    directory = MeteredDirectory(AsyncMock(call_ended=AsyncMock(side_effect=error)), metrics)
    with pytest.raises(type(error)) as raised:
        await directory.call_ended(RECORD)
    assert raised.value is error
    assert _counted(metrics, "ivr_marketplace_requests_total") == {f"call_ended {result}": 1}


async def test_how_long_the_marketplace_takes(metrics: Metrics) -> None:
    async def who_answers(_phone: str) -> Answerer:
        await asyncio.sleep(1.5)
        return Answerer("Анна", "")

    directory = MeteredDirectory(AsyncMock(who_answers=who_answers), metrics)
    assert await directory.who_answers("+74951110011") == Answerer("Анна", "")
    assert _counted(metrics, "ivr_marketplace_requests_total") == {"who_answers ok": 1}
    assert _counted(metrics, "ivr_marketplace_seconds_sum") == {"who_answers": 1.5}


async def test_who_is_not_waited_for_has_failed(metrics: Metrics) -> None:
    async def identify(_phone: str) -> None:
        await asyncio.sleep(3600)

    directory = MeteredDirectory(AsyncMock(identify=identify), metrics)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(directory.identify("+79161234567"), 2)
    assert _counted(metrics, "ivr_marketplace_requests_total") == {"identify failed": 1}
    assert _counted(metrics, "ivr_marketplace_seconds_sum") == {"identify": 2}


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (ChatRefused("archived"), "refused"),
        (ChatError("slow down", retry_after=30), "limited"),
        (ChatError("500", unsure=True), "failed"),
        (TypeError("bug"), "failed"),
    ],
)
async def test_what_slack_does_not_take(metrics: Metrics, error: Exception, result: str) -> None:
    fails = AsyncMock(side_effect=error)
    chat = MeteredChat(AsyncMock(post=fails, edit=fails, find=fails), metrics)
    message, mark = Message("text", ()), Mark(1, "card")
    for ask in (
        chat.post("C1", message, mark, thread="1.0", loud=True),
        chat.edit("C1", "1.0", message),
        chat.find("C1", mark, NOON, thread="1.0"),
    ):
        with pytest.raises(type(error)) as raised:
            await ask
        assert raised.value is error
    assert _counted(metrics, "ivr_slack_requests_total") == {
        f"{method} {result}": 1 for method in ("post", "edit", "find")
    }
    assert [call.args for call in fails.await_args_list] == [
        ("C1", message, mark),
        ("C1", "1.0", message),
        ("C1", mark, NOON),
    ]
    assert fails.await_args_list[0].kwargs == {"thread": "1.0", "loud": True}


async def test_what_slack_says_comes_back(metrics: Metrics) -> None:
    chat = MeteredChat(AsyncMock(post=AsyncMock(return_value="1.5")), metrics)
    assert await chat.post("C1", Message("text", ()), Mark(1, "card")) == "1.5"
    assert _counted(metrics, "ivr_slack_requests_total") == {"post ok": 1}


def test_a_collector_that_is_away_is_a_long_story_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(sdklog.time, "monotonic", lambda: now[0])
    sdklog.hear("http://127.0.0.1:4318")
    logger = logging.getLogger("opentelemetry.exporter")
    with capture_logs() as lines:
        logger.error("Failed to export\nspans: %s", "refused \x1b[31m")
        logger.error("again")
        logger.info("well")
        now[0] += sdklog.QUIET
        logger.error("still")
    assert [line["why"] for line in lines] == ["Failed to export spans: refused \ufffd[31m", "still"]

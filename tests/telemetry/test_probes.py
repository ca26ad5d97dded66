"""``/healthz`` and ``/readyz`` of the whole service, and who may read ``/metrics``, over real HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs
from tests.scene import CUSTOMER, OFFICE, scene
from tests.telemetry.scraping import Answer, ask, scrape

pytestmark = pytest.mark.virtual

PHONES = {OFFICE[0]: "ring 2s, answer, hang up 5s after bridge"}
TOKEN = "0123456789abcdef"


def _broken(answer: Answer) -> list[str]:
    assert answer.status == (200 if answer.json["ready"] else 503)
    for part in answer.json["parts"].values():
        assert part["ok"] or (part["reason"] and part["remedy"])
    return [name for name, part in answer.json["parts"].items() if not part["ok"]]


async def test_a_service_that_serves_is_alive_and_ready(tmp_path: Path) -> None:
    async with scene(tmp_path, None, 100, PHONES) as stage:
        await asyncio.sleep(1)
        alive, ready = await ask(stage, "/healthz"), await ask(stage, "/readyz")
        assert (alive.status, alive.json) == (200, {"alive": True})
        assert (ready.status, _broken(ready)) == (200, [])
        assert list(ready.json["parts"]) == ["calls", "switch", "journal", "running"]


async def test_without_freeswitch_it_is_alive_and_not_ready(tmp_path: Path) -> None:
    async with scene(tmp_path, None, 100, PHONES) as stage:
        await asyncio.sleep(1)
        await stage.switch.stop()
        with capture_logs():
            await asyncio.sleep(1)
            assert _broken(await ask(stage, "/readyz")) == ["switch"]
            assert (await ask(stage, "/healthz")).status == 200
            assert (await scrape(stage)).above_zero("ivr_ready") == {
                ("calls",): 1,
                ("journal",): 1,
                ("running",): 1,
            }


async def test_who_does_not_listen_is_not_ready(tmp_path: Path) -> None:
    async with scene(tmp_path, None, 100, PHONES) as stage:
        await asyncio.sleep(1)
        stage.service.server.stop_accepting()
        assert _broken(await ask(stage, "/readyz")) == ["calls"]


async def test_who_is_being_stopped_is_not_ready_while_calls_end(tmp_path: Path) -> None:
    async with scene(tmp_path, None, 100, {OFFICE[0]: "ring 2s, answer, hang up 60s after bridge"}) as stage:
        call = stage.call()
        await asyncio.sleep(20)
        stopping = asyncio.create_task(stage.service.stop(drain=600))
        await asyncio.sleep(1)
        assert _broken(await ask(stage, "/readyz")) == ["running"]
        assert (await ask(stage, "/healthz")).status == 200
        await call.ended
        await stopping


async def test_a_journal_that_cannot_be_written_is_seen_by_the_calls_that_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene(tmp_path, None, 100, PHONES) as stage:
        await asyncio.sleep(1)
        store = stage.service.books.writer._store  # type: ignore[union-attr]
        with capture_logs(), monkeypatch.context() as full:
            full.setattr(store, "write", _disk_full)
            call = stage.call("press 2 1s into FW3", CUSTOMER)
            await asyncio.sleep(5)
            assert _broken(await ask(stage, "/readyz")) == ["journal"]
            during = await scrape(stage)
        with capture_logs():
            await call.ended
            await asyncio.sleep(5)
        assert _broken(await ask(stage, "/readyz")) == []
        after = await scrape(stage)
    assert during("ivr_journal_gaps_total") == after("ivr_journal_gaps_total") == 1
    assert during("ivr_journal_late_steps_total") > 0
    assert during("ivr_journal_unwritten_records") > 0
    assert after("ivr_journal_unwritten_records") == 0
    assert after("ivr_journal_lost_records_total") == 0


def _disk_full(_records: object) -> None:
    raise OperationalError("INSERT", {}, OSError("database or disk is full"))


async def test_a_database_that_is_gone_is_seen_without_any_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene(tmp_path, None, 100, PHONES) as stage:
        await asyncio.sleep(1)
        with capture_logs() as logs, monkeypatch.context() as gone:
            gone.setattr(stage.service.telemetry._backlog._overdue.engine, "connect", _away)  # type: ignore[union-attr]
            await asyncio.sleep(31)
            answer = await ask(stage, "/readyz")
        assert _broken(answer) == ["journal"]
        assert [line["why"] for line in logs if line["event"] == "backlog not read"] == ["10.0.0.7 is away"]
        assert "10.0.0.7" not in answer.text, "no stranger is told where the database is"
        await asyncio.sleep(16)
        assert _broken(await ask(stage, "/readyz")) == []


def _away() -> None:
    raise OSError("10.0.0.7 is away")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
        ({"Authorization": "Bearer wrong-wrong-wrong"}, 401),
        ({"Accept": "text/html"}, 303),
    ],
)
async def test_with_a_token_configured_metrics_need_it_and_probes_do_not(
    tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    async with scene(tmp_path, None, 100, PHONES, web_token=SecretStr(TOKEN)) as stage:
        await asyncio.sleep(1)
        with capture_logs():
            assert (await ask(stage, "/metrics", headers)).status == status
            assert (await ask(stage, "/healthz", headers)).status == 200
            assert (await ask(stage, "/readyz", headers)).status == 200


@pytest.mark.parametrize(("rights", "status"), [("olga: see", 200), ("olga: listen", 403)])
async def test_a_person_needs_the_right_to_see(tmp_path: Path, rights: str, status: int) -> None:
    people = {"web_tokens": SecretStr(f"olga={TOKEN}"), "web_people": rights}
    async with scene(tmp_path, None, 100, PHONES, **people) as stage:
        answer = await ask(stage, "/metrics", {"Authorization": f"Bearer {TOKEN}"})
        assert answer.status == status


@pytest.mark.parametrize("stranger", [{"Host": "calls.example"}, {"X-Forwarded-For": "203.0.113.9"}])
async def test_without_any_settings_metrics_are_for_this_machine(
    tmp_path: Path, stranger: dict[str, str]
) -> None:
    async with scene(tmp_path, None, 100, PHONES) as stage:
        await asyncio.sleep(1)
        assert (await ask(stage, "/metrics", stranger)).status == 403
        assert (await ask(stage, "/metrics")).status == 200
        assert (await ask(stage, "/readyz", stranger)).status == 200


async def test_a_part_that_cannot_be_looked_at_does_not_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene(tmp_path, None, 100, PHONES) as stage:
        await asyncio.sleep(1)
        with monkeypatch.context() as broken:
            broken.setattr(type(stage.service.server), "listening", property(_fails))
            assert _broken(await ask(stage, "/readyz")) == ["calls"]


def _fails(_server: object) -> bool:
    raise RuntimeError("a bug")

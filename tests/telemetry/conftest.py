"""A scrape of a service that has served a call."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.journal.conftest import database, empty, server  # noqa: F401 - fixtures
from tests.scene import CUSTOMER, OFFICE, scene
from tests.telemetry.scraping import Scrape, scrape


@pytest.fixture
async def scraped(tmp_path: Path) -> Scrape:
    async with scene(tmp_path, None, 100, {OFFICE[0]: "ring 2s, answer, hang up 5s after bridge"}) as stage:
        await stage.call("press 2 1s into FW3", CUSTOMER).ended
        await stage.service.live.emptied()
        return await scrape(stage)

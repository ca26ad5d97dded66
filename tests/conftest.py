"""Async tests run on the service's own loop; those marked ``virtual`` on its virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest
import structlog
from hypothesis import settings

from ivr_fsm.esl.loop import shared_loop, virtual_loop


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "virtual: the event loop's clock jumps instead of waiting")
    # How long an example takes is the machine's business.
    settings.register_profile("any machine", deadline=None)
    settings.load_profile("any machine")


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("virtual"):
        return {"virtual": virtual_loop}
    return {"shared": shared_loop}


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    # A command sets logs up for its process, which here is that of all tests.
    structlog.reset_defaults()

from __future__ import annotations

import pytest
from tests.playbook import Playbook, playbook


@pytest.fixture(scope="session", autouse=True)
def _book() -> Playbook:
    """The demo's calls are played before any test's loop runs."""
    return playbook()

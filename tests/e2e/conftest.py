"""The real switch, started once for all tests; without IVR_TEST_FREESWITCH they are skipped, loudly."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .stage import Played
    from .theatre import Theatre

VARIABLE = "IVR_TEST_FREESWITCH"
HOW = f"set {VARIABLE} to a FreeSWITCH binary and run `make test-freeswitch`"
_SEEN = pytest.StashKey["Theatre"]()


def missing() -> str:
    """Return why the tests on the real switch cannot run, or nothing."""
    if not os.environ.get(VARIABLE):
        return f"no real FreeSWITCH: {HOW}"
    wanted = [name for name in ("numpy", "pjsua2") if find_spec(name) is None]
    return f"{' and '.join(wanted)} missing: pip install -r tests/e2e/requirements.txt" if wanted else ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if why := missing():
        for item in items:
            if item.get_closest_marker("freeswitch"):
                item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def theatre(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Theatre]:
    from .theatre import Theatre

    theatre = Theatre(os.environ[VARIABLE], tmp_path_factory.mktemp("e2e"))
    request.config.stash[_SEEN] = theatre
    yield theatre
    theatre.close()


@pytest.fixture
def played(request: pytest.FixtureRequest, theatre: Theatre) -> Played:
    """What came of a scene. The selected ones of its group are played when the first is asked for."""
    from .scenes import GROUPS

    name = request.param
    if name not in theatre.played:
        group = next(group for group, scenes in GROUPS.items() if name in [scene.name for scene in scenes])
        calls = [getattr(item, "callspec", None) for item in request.session.items]
        theatre.perform(group, {call.params.get("played") for call in calls if call is not None})
    return theatre.played[name]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if why := missing():
        terminalreporter.write_line(f"tests/e2e: the tests on a real switch were SKIPPED: {why}", yellow=True)
    elif theatre := config.stash.get(_SEEN, None):
        from .summary import table

        for line in table(theatre.played.values()):
            terminalreporter.write_line(line)

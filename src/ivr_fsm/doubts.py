"""What can be served as it is set, but is probably not what was meant."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from pydantic_settings import DotEnvSettingsSource

from ivr_fsm.flow.plan import Plan
from ivr_fsm.planfile import no_such_setting
from ivr_fsm.settings import Settings

_PREFIX = "IVR_"
_OF_TESTS = "IVR_TEST_"


def doubts(settings: Settings, plan: Plan) -> list[str]:
    """Return what is doubtful in *settings*, each with its name and the remedy."""
    return [*_unknown_names(_given()), *_directory(settings, plan), *_recordings(settings, plan)]


def _given() -> Iterator[str]:
    """Yield the names that are set, in the environment and in ``.env``."""
    yield from os.environ
    yield from map(str.upper, DotEnvSettingsSource(Settings).env_vars)


def _unknown_names(given: Iterable[str]) -> Iterator[str]:
    known = [f"{_PREFIX}{name.upper()}" for name in Settings.model_fields]
    for name in sorted({each for each in given if each.upper().startswith(_PREFIX)}):
        if name.upper() not in known and not name.startswith(_OF_TESTS):
            yield f"{name}: {no_such_setting(name.upper(), known)}"


def _directory(settings: Settings, plan: Plan) -> Iterator[str]:
    if not settings.directory and not settings.marketplace:
        yield "IVR_DIRECTORY, IVR_MARKETPLACE: neither is set, so every caller is unknown"
    if settings.marketplace_token.get_secret_value() and not settings.marketplace:
        yield "IVR_MARKETPLACE_TOKEN: is of no use without the address, IVR_MARKETPLACE"
    limit = plan.identifying.limit
    if settings.marketplace and settings.marketplace_timeout >= limit:
        yield (
            f"IVR_MARKETPLACE_TIMEOUT: {settings.marketplace_timeout:g} s; calls wait for {limit:g} s only,"
            " the plan's identifying.limit"
        )


def _recordings(settings: Settings, plan: Plan) -> Iterator[str]:
    if settings.recordings is None and plan.connected.record != "off":
        yield "IVR_RECORDINGS: is not set, so nothing is recorded"
    if settings.recordings is not None and not settings.recordings.is_dir():
        yield f"IVR_RECORDINGS: there is no folder {settings.recordings}"

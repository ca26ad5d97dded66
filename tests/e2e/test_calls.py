"""Every scene on a real FreeSWITCH: the way of the call, what everybody heard, and that nothing is left."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy", reason="ears need numpy: pip install -r tests/e2e/requirements.txt")

from .scene import CALLERS_TONES, GROUPS, SHOP_1, SHOP_2, TONES, Scene  # noqa: E402
from .stage import Played  # noqa: E402

pytestmark = pytest.mark.freeswitch

ALL = [scene for scenes in GROUPS.values() for scene in scenes]


def of(*scenes: Scene) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("played", [scene.name for scene in scenes], indirect=True)


def without_releasing(states: tuple[str, ...] | list[str]) -> list[str]:
    return [state for state in states if state != "releasing"]


@of(*ALL)
def test_the_scene_could_be_played(played: Played) -> None:
    assert played.faults == []


@of(*[scene for scene in ALL if scene.states])
def test_the_way_of_the_call(played: Played) -> None:
    assert without_releasing(played.states) == without_releasing(played.scene.states)


@of(*ALL)
def test_what_the_caller_hears(played: Played) -> None:
    heard = " ".join(str(prompt) for ear in played.ears[:1] for prompt in ear.prompts)
    assert heard == played.scene.hears


@of(*ALL)
def test_who_hears_whom(played: Played) -> None:
    """The callee's tone reaches the caller and the caller's the callee; nobody else has any part in it."""
    talked = {phone for phone, hertz in TONES.items() if any(e.heard_tone(hertz) for e in played.ears[:1])}
    heard_caller = {ear.phone for ear in played.ears[1:] if ear.heard_tone(played.tone) >= 1}
    if "whoever" in played.scene.talks:
        assert len(talked) == 1 and talked < {SHOP_1, SHOP_2}
    else:
        assert talked == set(played.scene.talks)
    assert heard_caller == talked
    others = set(CALLERS_TONES) - {played.tone}
    assert not [tone for ear in played.ears for tone in ear.tones if tone.hertz in others]


@of(*[scene for scene in ALL if "announcing" in scene.states])
def test_nobody_hears_the_caller_before_the_announcement_is_over(played: Played) -> None:
    connected = played.entered("connected")
    for ear in played.ears[1:]:
        first = next((tone.start + ear.began for tone in ear.tones if tone.hertz == played.tone), None)
        assert first is None or (connected is not None and first > connected - 0.1)


@of(*[scene for scene in ALL if scene.announced])
def test_the_announcement_is_heard_whole(played: Played) -> None:
    connected = played.entered("connected")
    spoken = [
        prompt
        for ear in played.ears[1:]
        for prompt in ear.prompts
        if prompt.code.startswith(("spoken", "ANNOUNCE"))
        and connected
        and ear.began + prompt.start < connected
    ]
    assert [prompt.whole for prompt in spoken] == [True]


@of(*ALL)
def test_no_channel_is_left(played: Played) -> None:
    assert [row["name"] for row in played.left] == []
    ringing = {line["leg"] for line in played.happened(event="incoming")}
    assert {line["leg"] for line in played.happened(event="ended")} >= ringing

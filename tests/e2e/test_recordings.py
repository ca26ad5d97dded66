"""Recordings that a real FreeSWITCH made: both sides, on the right channels, whole, and fetched over HTTP."""

from __future__ import annotations

import wave
from io import BytesIO

import pytest

pytest.importorskip("numpy", reason="the ears need numpy: pip install -r tests/e2e/requirements.txt")

from .buttons import BACKS, BUTTONS
from .played import Played
from .scene import CALLERS_TONES, OFFICE_1, SHOP_1, TONES, Scene
from .scenes import FAST, PATIENT, TOLD
from .test_calls import of
from .theatre import Theatre

pytestmark = pytest.mark.freeswitch

SERVED = [scene for scene in (*FAST, *PATIENT, *TOLD, *BUTTONS, *BACKS) if scene.states]
CONVERSATIONS = [scene for scene in SERVED if scene.talks]
FROM_THE_ANSWER = [scene for scene in TOLD if scene.caller != "partner"]


def is_recorded(scene: Scene) -> bool:
    return bool(scene.talks) or scene in FROM_THE_ANSWER


@of(*[scene for scene in SERVED if is_recorded(scene)])
def test_each_recording_is_found_sound(played: Played, theatre: Theatre) -> None:
    assert theatre.listened[played.call_id].call.recording == "ok"


@of(*[scene for scene in CONVERSATIONS if scene not in TOLD])
def test_it_lasts_from_the_bridge_to_the_end(played: Played, theatre: Theatre) -> None:
    call = theatre.listened[played.call_id].call
    assert call.answered is not None
    assert call.ended is not None
    assert call.recording_seconds == pytest.approx((call.ended - call.answered).total_seconds(), abs=0.5)


@of(*CONVERSATIONS)
def test_the_caller_alone_is_on_the_left(played: Played, theatre: Theatre) -> None:
    caller, callee = played.recorded(theatre.folder)
    assert {tone.hertz for tone in caller.tones} == {played.tone}
    assert not {tone.hertz for tone in callee.tones} & set(CALLERS_TONES)


@of(*[scene for scene in SERVED if not is_recorded(scene)])
def test_nothing_else_is_recorded(played: Played, theatre: Theatre) -> None:
    listened = theatre.listened[played.call_id]
    assert listened.call.recording == ""
    assert listened.whole.status == 404


@of("shop", "transfer", "told")
def test_it_is_fetched_whole_and_in_parts(played: Played, theatre: Theatre) -> None:
    listened = theatre.listened[played.call_id]
    file = next(theatre.folder.glob(f"*/recordings/{played.call_id}.wav"))
    assert (listened.whole.status, listened.whole.body) == (200, file.read_bytes())
    assert (listened.part.status, listened.part.body) == (206, file.read_bytes()[44:32044])
    assert listened.refused.status == 401
    with wave.open(BytesIO(listened.whole.body)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (2, 2)


@of("transfer")
def test_a_transferred_caller_is_recorded_with_both(played: Played, theatre: Theatre) -> None:
    """In one file, through the transfer: whoever waits meanwhile is recorded, too."""
    _, callee = played.recorded(theatre.folder)
    assert {tone.hertz for tone in callee.tones} >= {TONES[phone] for phone in played.scene.talks}


@of(*FROM_THE_ANSWER)
def test_from_the_answer_it_has_what_the_caller_was_told(played: Played, theatre: Theatre) -> None:
    caller, callee = played.recorded(theatre.folder)
    callee.prompts_of = played.ears[0].prompts_of
    heard = [prompt.code for prompt in callee.prompts]
    assert heard[:1] == ["FW1"]
    assert "RECORDED" in heard
    assert {tone.hertz for tone in caller.tones} == {played.tone}
    assert not {tone.hertz for tone in callee.tones} & set(CALLERS_TONES)


@of("told", "told-early-digit")
def test_the_announcement_is_heard_before_anybody_is_recorded(played: Played) -> None:
    announced = [
        prompt for prompt in played.ear("caller").prompts if prompt.code == "RECORDED" and prompt.whole
    ]
    phone = OFFICE_1 if played.scene.name == "told" else SHOP_1
    talked = next(tone.start for tone in played.ear("caller").tones if tone.hertz == TONES[phone])
    assert len(announced) == 1
    assert announced[0].end < talked

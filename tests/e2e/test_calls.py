"""Every scene on a real FreeSWITCH: the way of the call, what everybody heard, and that nothing is left."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy", reason="the ears need numpy: pip install -r tests/e2e/requirements.txt")

from .played import Ear, Played
from .processes import wall
from .scene import BLIP, CALLERS_TONES, OFFICE_1, SERVICE, SHOP_1, SHOP_2, TONES, Scene
from .scenes import GROUPS
from .summary import cut_times
from .theatre import Theatre

pytestmark = pytest.mark.freeswitch

ALL = [scene for scenes in GROUPS.values() for scene in scenes if scene.back is None]
LONGEST_SILENCE = 11.0
"""Seconds: the menu waits 10 s for a key, and in the dialling states something is said every 10 s."""


def of(*scenes: Scene | str) -> pytest.MarkDecorator:
    names = [scene if isinstance(scene, str) else scene.name for scene in scenes]
    return pytest.mark.parametrize("played", names, indirect=True)


def without_releasing(states: tuple[str, ...] | list[str]) -> list[str]:
    return [state for state in states if state != "releasing"]


def said(ear: Ear) -> list[str]:
    return [str(prompt) for prompt in ear.prompts if prompt.end - prompt.start >= BLIP]


@of(*ALL)
def test_the_scene_could_be_played(played: Played) -> None:
    assert played.faults == []


@of(*[scene for scene in ALL if scene.states])
def test_the_way_of_the_call(played: Played) -> None:
    assert without_releasing(played.states) == without_releasing(played.scene.states)


@of(*ALL)
def test_what_the_caller_hears(played: Played) -> None:
    assert " ".join(" ".join(said(ear)) for ear in played.ears[:1]) == played.scene.hears


@of(*[scene for scene in ALL if scene.hears])
def test_nobody_is_left_in_silence(played: Played) -> None:
    assert [
        (start, end) for start, end in played.ear("caller").silences if end - start > LONGEST_SILENCE
    ] == []


@of(*ALL)
def test_who_hears_whom(played: Played) -> None:
    """The callee's tone reaches the caller and the caller's the callee; nobody else has any part in it."""
    talked = {phone for phone, hertz in TONES.items() if any(e.heard_tone(hertz) for e in played.ears[:1])}
    heard_caller = {ear.phone for ear in played.ears[1:] if ear.heard_tone(played.tone) >= 1}
    if "whoever" in played.scene.talks:
        assert len(talked) == 1
        assert talked < {SHOP_1, SHOP_2}
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
    spoken = [prompt for ear in played.ears[1:] for prompt in ear.prompts if prompt.code.startswith("spoken")]
    assert [prompt.whole for prompt in spoken] == [True]


@of(*ALL)
def test_no_channel_is_left(played: Played) -> None:
    assert [row["name"] for row in played.left] == []
    ringing = {line["leg"] for line in played.happened(event="incoming")}
    assert {line["leg"] for line in played.happened(event="ended")} >= ringing


@of(*[scene for scene in ALL if scene.talks and scene.states and "killed" not in scene.name])
def test_the_conversation_is_recorded_on_a_channel_each(played: Played, theatre: Theatre) -> None:
    caller, callee = played.recorded(theatre.folder)
    hertz = [TONES[phone] for phone in played.scene.talks] if "whoever" not in played.scene.talks else []
    assert played.tone in {tone.hertz for tone in caller.tones}
    assert {tone.hertz for tone in callee.tones} >= set(hertz[-1:])
    assert not {tone.hertz for tone in callee.tones} & set(CALLERS_TONES)


@of("early-digit", "shop", "support", "wrong-digits")
def test_a_digit_ends_the_prompt(played: Played) -> None:
    """Within 100 ms, which the way of the sound makes longer: packets, and the phone's jitter buffer.

    The key itself lasts 200 ms, and FreeSWITCH tells of it at its end.
    """
    cuts = list(cut_times(played))
    assert cuts
    assert [cut for cut in cuts if cut[2] > 0.2] == []


@of("two-at-once")
def test_of_two_who_answer_at_once_one_is_kept(played: Played) -> None:
    answered = {line["leg"].split()[1]: wall(line) for line in played.happened(event="answered")}
    ended = {line["leg"].split()[1]: wall(line) for line in played.happened(event="ended")}
    assert {SHOP_1, SHOP_2} < set(answered)
    assert abs(answered[SHOP_1] - answered[SHOP_2]) < 0.05
    first, last = sorted((SHOP_1, SHOP_2), key=lambda phone: ended[phone])
    assert ended[first] - answered[first] < 1
    assert ended[last] > ended[SERVICE] - 0.5


@of("voicemail")
def test_who_does_not_accept_is_asked_and_let_go(played: Played) -> None:
    announcement, question = said(played.ear(SHOP_1))
    assert announcement.startswith("spoken")
    assert question == "CONFIRM"


@of("missing-prompt")
def test_spoilt_files_are_told_and_the_last_good_directory_stays(played: Played, theatre: Theatre) -> None:
    log = theatre.logs["broken"]
    assert log.all(event="directory not read again, the last good one stays")
    assert [line["text"] for line in log.all(event="tell", what="prompt_missing")]
    assert "Мария" in log.all(event="tell", what="order_call")[0]["text"]


@of("no-phone")
def test_nonsense_for_a_phone_is_refused_and_told(played: Played) -> None:
    assert [line for line in played.lines if line["event"] == "phone refused"]
    assert {line["called"] for line in played.happened(event="incoming")} >= {OFFICE_1}


@of("killed", "killed-between-prompts")
def test_the_caller_of_a_killed_service_is_taken_over(played: Played) -> None:
    """What plays ends first, ringing after 10 s; then the dialplan goes on, although phones still ring."""
    ear = played.ear("caller")
    last, first = ear.prompts[-2:]
    assert first.start - last.end < 12
    assert [silence for silence in ear.silences if silence[1] - silence[0] > 5] == []


def test_nothing_was_rung_that_nobody_expects_and_nothing_is_left(theatre: Theatre) -> None:
    assert theatre.trunk.strays == []
    assert theatre.switch.channels() == []

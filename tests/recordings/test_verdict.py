"""What a recording ought to be, and what is said of one that is not."""

from __future__ import annotations

import wave
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.flow.clock import at_office, in_menu, plan, talking, transferring
from tests.journal.recorded import LiveCall, steps_of

from ivr_fsm.flow import events
from ivr_fsm.recordings.verdict import Expected, examine, expected

FREESWITCH = bytes.fromhex("524946460800000057415645666d74201000000001000200401f0000007d00000400100064617461")
"""How FreeSWITCH 1.10 begins a recording, up to the length of its sound, which it writes at the end."""


def recording(folder: Path, seconds: float, channels: int = 2) -> Path:
    file = folder / "recording.wav"
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(2 * channels * round(8000 * seconds)))
    return file


def said(file: Path, seconds: float, *, open_end: bool = False) -> str:
    return examine(file, Expected(seconds, open_end)).said


@pytest.mark.parametrize(
    ("recorded", "wanted"), [(5, 5), (3.1, 5), (6.9, 5), (0.02, 1), (591, 600), (609, 600)]
)
def test_a_recording_that_is_about_as_long_as_the_conversation(
    tmp_path: Path, recorded: float, wanted: float
) -> None:
    verdict = examine(recording(tmp_path, recorded), Expected(wanted))
    assert (verdict.said, verdict.seconds, verdict.faulty) == ("ok", recorded, False)


@pytest.mark.parametrize(
    ("recorded", "channels", "wanted", "why"),
    [
        (0, 2, 0.5, "empty: a header without sound"),
        (12, 1, 12, "not stereo: 1 channel"),
        (2.9, 2, 5, "too short: 2.9 s of 5.0 s"),
        (580, 2, 600, "too short: 580.0 s of 600.0 s"),
        (7.1, 2, 5, "too long: 7.1 s instead of 5.0 s"),
    ],
)
def test_a_recording_that_is_not_as_it_ought_to_be(
    tmp_path: Path, recorded: float, channels: int, wanted: float, why: str
) -> None:
    verdict = examine(recording(tmp_path, recorded, channels), Expected(wanted))
    assert (verdict.said, verdict.seconds, verdict.faulty) == (why, recorded, True)


def test_a_recording_may_go_on_when_the_service_has_not_seen_the_end(tmp_path: Path) -> None:
    file = recording(tmp_path, 60)
    assert said(file, 5, open_end=True) == "ok"
    assert said(file, 70, open_end=True) == "too short: 60.0 s of 70.0 s"


def test_a_recording_that_freeswitch_could_not_close(tmp_path: Path) -> None:
    file = tmp_path / "recording.wav"
    file.write_bytes(FREESWITCH + bytes(4) + bytes(8000 * 4 * 3))
    verdict = examine(file, Expected(3))
    assert verdict.said == "not closed: its header tells of 0 of 24000 frames"
    assert verdict.seconds == 3


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"ID3 is no WAV", FREESWITCH, FREESWITCH[:20] + b"\7" + bytes(50)]
)
def test_what_is_no_recording_at_all(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "recording.wav"
    file.write_bytes(content)
    assert said(file, 3).startswith("no WAV: ")


def test_a_recording_that_cannot_be_read(tmp_path: Path) -> None:
    assert said(tmp_path, 3) == "cannot be read: Is a directory"


def wanted_of(*calls: LiveCall) -> Expected | None:
    return expected([steps_of(each) for each in calls])


def test_a_conversation_is_recorded_from_its_bridge_to_the_end() -> None:
    live = talking()
    live.advance(20)
    live.hangs_up()
    assert wanted_of(live) == Expected(20)


def test_a_transferred_one_is_recorded_through_the_transfer() -> None:
    live = transferring()
    live.advance(7)
    live.answers("transfer")
    live.bridged("transfer")
    live.advance(13)
    live.ends("transfer")
    assert wanted_of(live) == Expected(20)


def test_nobody_expects_a_recording_of_a_call_without_a_conversation() -> None:
    live = at_office()
    live.hangs_up()
    assert wanted_of(live) is None
    off = talking(the_plan=plan(connected={"record": False}))
    off.hangs_up()
    assert wanted_of(off) is None


def test_from_the_answer_every_call_is_expected_to_have_one() -> None:
    live = in_menu(the_plan=plan(connected={"record": "answer"}))
    live.advance(4)
    live.hangs_up()
    assert wanted_of(live) == Expected(4)


def test_who_talks_on_without_the_service_may_have_a_longer_recording() -> None:
    live = talking()
    live.advance(20)
    live.send(events.LinkLost("gone"))
    assert wanted_of(live) == Expected(20, open_end=True)
    died = talking()
    died.advance(20)
    died.press("1")
    assert wanted_of(died) == Expected(20, open_end=True)


def test_a_leg_that_was_a_call_twice_has_one_recording() -> None:
    first = talking()
    first.advance(20)
    first.send(events.LinkLost("gone"))
    second = LiveCall(plan(), start=first.start + timedelta(seconds=50))
    second.advance(5)
    second.hangs_up()
    assert wanted_of(first, second) == Expected(55)


def test_a_connection_that_is_lost_after_the_end_hides_nothing() -> None:
    live = talking()
    live.hangs_up()
    live.send(events.LinkLost("gone"))
    wanted = wanted_of(live)
    assert wanted is not None
    assert not wanted.open_end


def test_a_clock_that_is_set_meanwhile_makes_no_recording_too_short() -> None:
    live = talking()
    live.advance(20)
    live.hangs_up()
    *steps, end = steps_of(live)
    assert expected([[*steps, replace(end, at=end.at + timedelta(hours=1))]]) == Expected(20)


def test_steps_that_were_lost_leave_the_end_open() -> None:
    assert expected([steps_of(talking()), []]) == Expected(0, open_end=True)

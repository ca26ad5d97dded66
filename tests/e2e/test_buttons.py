"""Buttons on a real FreeSWITCH, pressed in the channel: callers who are sent on, stopped, and called back."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy", reason="the ears need numpy: pip install -r tests/e2e/requirements.txt")

from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.reader import Reader

from .buttons import BACKS
from .played import Log, Played
from .processes import wall
from .scene import OFFICE_1, OFFICE_2, SERVICE, SHOP_1, SHOP_2, TONES
from .test_calls import of, said, without_releasing
from .theatre import Theatre

pytestmark = pytest.mark.freeswitch

PICKED_UP = [scene for scene in BACKS if scene.back and scene.back.states]
TALKED = [scene for scene in BACKS if scene.back and scene.back.talks]
IN_VAIN = [scene for scene in BACKS if scene not in TALKED]
SOON = 1.0
"""Seconds in which the switch must have done what was asked of it."""


def winner(played: Played) -> str:
    """The phone of the office that has the call back."""
    return str(played.back.steps[0]["reason"].split(", ")[1])


def at(log: Log, state: str) -> float:
    entered = log.entered(state)
    assert entered is not None
    return entered


def in_journal(played: Played, theatre: Theatre) -> tuple[CallEntry, list[CallEntry]]:
    """The call and the calls back that there were."""
    engine = open_engine(f"sqlite:///{theatre.folder}/backs/journal.db")
    reader = Reader(engine)
    [call] = reader.call(played.call_id)
    backs = reader.backs(call.call)
    engine.dispose()
    return call, backs


# Live calls


@of("sent-from-shop-to-office", "sent-from-shop-to-call-centre")
def test_the_shops_phones_stop_when_the_plan_says_so(played: Played) -> None:
    moved = at(played, "dialing_office" if "office" in played.scene.name else "dialing_call_centre")
    ended = [wall(line) for phone in (SHOP_1, SHOP_2) for line in played.of(phone, "ended")]
    assert len(ended) == 2
    assert [end for end in ended if not 0 < end - moved < SOON] == []


@of("sent-on-and-office-answers")
def test_the_offices_phones_ring_on_until_somebody_answers(played: Played) -> None:
    moved, connected = at(played, "dialing_call_centre"), at(played, "connected")
    [loser] = played.of(OFFICE_2, "ended")
    assert wall(loser) > moved + 2
    assert 0 < wall(loser) - connected < SOON


@of("stopped-talking", "stopped-ringing")
def test_stopped_means_that_everybody_is_let_go_at_once(played: Played) -> None:
    [stop] = [step for step in played.steps if step["reason"].startswith("stop wanted")]
    ended = [wall(line) - wall(stop) for line in played.happened(event="ended")]
    assert len(ended) == 3
    assert [seconds for seconds in ended[-2:] if not 0 < seconds < SOON] == []
    assert played.of(SERVICE, "ended")


@of(
    "sent-to-office",
    "sent-from-shop-to-office",
    "sent-from-shop-to-call-centre",
    "sent-on-and-office-answers",
    "stopped-talking",
    "stopped-ringing",
)
def test_the_channel_is_told_who_pressed(played: Played) -> None:
    wanted = {"office": "в офис", "call-centre": "в колл-центр", "answers": "в колл-центр"}
    word = next((word for name, word in wanted.items() if played.scene.name.endswith(name)), "")
    who = "IVR_WEB_TOKEN" if played.scene.name == "stopped-ringing" else "Анна"
    line = f"Анна переводит звонок {word}" if word else f"{who} завершает звонок"
    assert played.told.count(line) == 1


# Calls back


@of(*BACKS)
def test_two_who_press_at_once_ring_the_office_once(played: Played) -> None:
    office = [line["called"] for line in played.happened(event="incoming") if line["called"] in TONES]
    assert sorted(number for number in office if number in (OFFICE_1, OFFICE_2)) == [OFFICE_1, OFFICE_2]
    pressed = [line for line in played.told if "звоним на телефоны офиса" in line]
    assert len(pressed) == 1
    assert ("Анна" in pressed[0]) != ("Борис" in pressed[0])


@of(*PICKED_UP)
def test_the_way_of_the_call_back(played: Played) -> None:
    assert played.scene.back is not None
    assert without_releasing(played.back.states) == without_releasing(played.scene.back.states)


@of(*PICKED_UP)
def test_what_the_office_hears(played: Played) -> None:
    assert played.scene.back is not None
    assert " ".join(said(played.ear(winner(played)))) == played.scene.back.hears


@of(*PICKED_UP)
def test_the_customers_phone_rings_when_the_office_has_picked_up(played: Played) -> None:
    [picked_up] = played.of(winner(played), "answered")
    [rings] = played.of(played.caller, "incoming")
    assert 0 < wall(rings) - wall(picked_up) < SOON


@of("called-back", "called-back-customer-busy", "called-back-office-gives-up")
def test_the_first_phone_of_the_office_wins(played: Played) -> None:
    [picked_up] = played.of(winner(played), "answered")
    [other] = {OFFICE_1, OFFICE_2} - {winner(played)}
    [stopped] = played.of(other, "ended")
    assert 0 < wall(stopped) - wall(picked_up) < SOON


@of("called-back-by-two-phones")
def test_of_two_who_pick_up_at_once_one_is_kept(played: Played) -> None:
    answered = {phone: wall(played.of(phone, "answered")[0]) for phone in (OFFICE_1, OFFICE_2)}
    assert abs(answered[OFFICE_1] - answered[OFFICE_2]) < 0.05
    [loser] = {OFFICE_1, OFFICE_2} - {winner(played)}
    assert wall(played.of(loser, "ended")[0]) - answered[loser] < SOON


@of(*TALKED)
def test_office_and_customer_hear_each_other(played: Played) -> None:
    office, customer = played.ear(winner(played)), played.ear(played.caller)
    assert office.heard_tone(played.tone) >= 2
    assert customer.heard_tone(TONES[winner(played)]) >= 2
    # Nobody else is heard, neither by them nor anywhere.
    heard = [(ear.phone, tone.hertz) for ear in played.ears for tone in ear.tones if tone.hertz != 425]
    assert set(heard) == {(office.phone, played.tone), (customer.phone, TONES[office.phone])}


@of(*TALKED)
def test_it_is_recorded_with_the_office_on_the_left(played: Played, theatre: Theatre) -> None:
    left, right = played.back.recorded(theatre.folder)
    assert {tone.hertz for tone in left.tones} == {TONES[winner(played)]}
    assert {tone.hertz for tone in right.tones} == {played.tone}
    assert theatre.listened[played.back.call_id].call.recording == "ok"


@of(*TALKED)
def test_then_it_is_done(played: Played, theatre: Theatre) -> None:
    call, [back] = in_journal(played, theatre)
    assert (back.call, back.status) == (played.back.call_id, "answered:customer")
    assert call.done is not None
    assert any(f"перезванивает клиенту из офиса, {winner(played)}" in line for line in played.told)


@of(*IN_VAIN)
def test_what_came_to_nothing_can_be_tried_again(played: Played, theatre: Theatre) -> None:
    call, backs = in_journal(played, theatre)
    assert (call.done, call.claimed) == (None, None)
    outcomes = {"busy": ["unanswered"], "up": ["abandoned:dialing_customer"], "silent": []}
    assert [back.status for back in backs] == outcomes[played.scene.name.rpartition("-")[2]]


@of("called-back-office-silent")
def test_of_a_silent_office_the_customer_knows_nothing(played: Played) -> None:
    assert played.of(played.caller, "incoming") == []


@of("called-back-office-gives-up")
def test_the_customers_phone_stops_when_the_office_hangs_up(played: Played) -> None:
    [hung_up], [stopped] = played.of(OFFICE_1, "ended"), played.of(played.caller, "ended")
    assert 0 < wall(stopped) - wall(hung_up) < SOON


def test_the_other_one_is_whispered_that_somebody_calls_back(theatre: Theatre) -> None:
    backs = [name for name in theatre.played if name.startswith("called-back")]
    whispers = [text for _, text in theatre.channel.whispers()]
    assert whispers == ["Этому клиенту уже перезванивает другой человек."] * len(backs)

"""Who gave up is called back, on a real FreeSWITCH: the office first, then the customer."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy", reason="the ears need numpy: pip install -r tests/e2e/requirements.txt")

from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.reader import Reader

from .scene import OFFICE_1, OFFICE_2, TONES
from .stage import Ear, Played
from .test_calls import of, said
from .theatre import Theatre

pytestmark = pytest.mark.freeswitch

BACKS = ("called-back", "called-back-busy")


def in_journal(played: Played, theatre: Theatre) -> tuple[CallEntry, list[CallEntry]]:
    reader = Reader(open_engine(f"sqlite:///{theatre.folder}/buttons/journal.db"))
    # The last call that the caller had any part in is the one that called them back.
    [last] = reader.call(played.call_id)
    [missed] = reader.call(last.back)
    return missed, reader.backs(missed.call)


def ear(played: Played, phone: str) -> Ear:
    return next(each for each in played.ears[1:] if each.phone == phone)


@of(*BACKS)
def test_it_could_be_played_and_nothing_is_left(played: Played) -> None:
    assert played.faults == []
    assert played.left == []
    ringing = {line["leg"] for line in played.happened(event="incoming")}
    assert {line["leg"] for line in played.happened(event="ended")} >= ringing


@of(*BACKS)
def test_two_who_press_at_once_ring_the_office_once(played: Played) -> None:
    rung = [line["leg"].split()[1] for line in played.happened(event="incoming")]
    assert sorted(rung) == sorted([OFFICE_1, OFFICE_2, played.caller])


@of("called-back")
def test_office_and_customer_hear_each_other(played: Played, theatre: Theatre) -> None:
    office, customer = ear(played, OFFICE_1), ear(played, played.caller)
    assert said(office)[0] == "FW10…", "cut off when the customer answers"
    assert office.heard_tone(played.tone) >= 2
    assert customer.heard_tone(TONES[OFFICE_1]) >= 2
    missed, [back] = in_journal(played, theatre)
    assert (back.status, missed.done is not None) == ("answered:customer", True)


@of("called-back-busy")
def test_the_office_hears_that_the_customer_does_not_answer(played: Played, theatre: Theatre) -> None:
    assert said(ear(played, OFFICE_2))[-1] == "FW11"
    missed, [back] = in_journal(played, theatre)
    assert (back.status, missed.done, missed.claimed) == ("unanswered", None, None)

from __future__ import annotations

import pytest

from ivr_fsm.simulator import Leg, Phone, PhoneBook, ScriptError


def leg() -> Leg:
    return Leg("u", "79161234567", "74951110001", began_at=0.0)


def test_numbers_are_compared_by_their_digits() -> None:
    phones = PhoneBook({"+7 (495) 111-00-01": "busy"})
    assert phones.ring("74951110001", leg()).cause == "USER_BUSY"
    assert len(phones["7-495-111-00-01"].legs) == 1


def test_a_number_that_is_not_in_the_book_does_not_exist() -> None:
    phone = PhoneBook().ring("74951119999", leg())
    assert (phone.answer, phone.cause) == (None, "UNALLOCATED_NUMBER")
    with pytest.raises(KeyError):
        PhoneBook()["74951119999"]


def test_successive_calls_meet_successive_behaviour_and_the_last_one_stays() -> None:
    phones = PhoneBook({"1": ["busy", Phone(answer=1)]})
    assert [phones.ring("1", leg()).answer for _ in range(3)] == [None, 1, 1]


def test_a_line_tells_what_became_of_its_legs() -> None:
    phones = PhoneBook({"1": "answer"})
    line = phones["1"]
    assert (line.rang, line.answered, line.cause) == (False, False, None)
    one = leg()
    phones.ring("1", one)
    one.rang_at = one.answered_at = 1.0
    one.cause = "NORMAL_CLEARING"
    assert (line.rang, line.answered, line.cause) == (True, True, "NORMAL_CLEARING")


def test_an_error_names_the_number() -> None:
    with pytest.raises(ScriptError, match=r"phone 74951110001: clause 1, column 1: 'anser'"):
        PhoneBook({"74951110001": "anser"})
    with pytest.raises(ValueError, match="phone 1: an empty list"):
        PhoneBook({"1": []})


def test_voicemail_answers_and_hangs_up_by_itself() -> None:
    phone = Phone.voicemail(after=20, length=8)
    assert phone.answer == 20
    assert phone.steps[0].when.delay == 8

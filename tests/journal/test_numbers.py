"""One number in all its writings, and no other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_fsm.journal.numbers import Eraser, Number
from ivr_fsm.phone import parse_phone

PHONE = "+79161234567"
WRITINGS = [
    "+79161234567",
    "79161234567",
    "89161234567",
    "9161234567",
    "8 (916) 123-45-67",
    "+7 916 123.45.67",
    "8\u00a0916\u00a0123\u00a045\u00a067",
    "810 7 916 1234567",
    "8 916 123\u201345\u201367",
    "8/916/123\u201145\u201167",
    "8\u202f916\u202f123\u202f45\u202f67",
]


def erased(text: str, *planned: str, phone: str = PHONE, region: str = "RU") -> str:
    return Eraser(Number(phone, region), planned, text)(text)


@pytest.mark.parametrize("writing", WRITINGS)
def test_every_writing_is_known(writing: str) -> None:
    assert erased(writing) == "[number 1]"
    assert erased(f"office {writing}") == "office [number 1]"
    assert erased(f"74951110001, {writing}, 74951110002") == "74951110001, [number 1], 74951110002"
    assert erased(f"<sip:{writing}@10.0.0.1>") == "<sip:[number 1]@10.0.0.1>"


@pytest.mark.parametrize("writing", WRITINGS[:8])
def test_what_can_be_dialled_is_a_writing(writing: str) -> None:
    assert parse_phone(writing) == PHONE


@pytest.mark.parametrize(
    "text",
    [
        "791612345678",
        "179161234567",
        "+1 916 123-45-67",
        "+19161234567",
        "7916123456",
        "69161234567",
        "",
        "123",
    ],
)
def test_no_other_number_is_touched(text: str) -> None:
    assert erased(text) == text


def test_a_number_of_another_country_needs_its_code() -> None:
    assert erased("+49 30 123456, 30123456", phone="+4930123456") == "[number 1], 30123456"
    assert erased("030 123456", phone="+4930123456", region="DE") == "[number 1]"


def test_two_writings_stay_two() -> None:
    assert erased("79161234567, +79161234567, 79161234567") == "[number 1], [number 2], [number 1]"


def test_a_placeholder_that_is_there_already_is_not_used_again() -> None:
    assert erased("[number 1], 79161234567") == "[number 1], [number 2]"


def test_a_writing_of_the_plan_stays() -> None:
    assert erased("79161234567, +79161234567", "+79161234567") == "[number 1], +79161234567"


@given(st.lists(st.sampled_from([*WRITINGS, "74951110001", "junk", "", "+1 916 123-45-67"]), max_size=6))
def test_the_parts_of_a_text_are_changed_as_the_whole(parts: list[str]) -> None:
    eraser = Eraser(Number(PHONE, "RU"), (), "")
    apart = ", ".join(eraser(part) for part in parts)
    assert eraser(", ".join(parts)) == apart


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="phone number"):
        Number("nobody", "RU")

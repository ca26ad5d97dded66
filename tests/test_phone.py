"""Phone numbers from outside: what is read, and what is refused before it reaches a dial string."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_fsm.phone import BadPhone, mask, mask_in, parse_dialable, parse_phone

MOSCOW = "+74951110001"


@pytest.mark.parametrize(
    "text",
    [
        "+74951110001",
        "74951110001",
        "84951110001",
        "4951110001",
        "+7 495 111-00-01",
        "8 (495) 111.00.01",
        " +7\u00a0495\u00a0111 00 01 ",
    ],
)
def test_ways_to_write_a_number(text: str) -> None:
    assert parse_phone(text) == MOSCOW


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("+14155550100", "RU", "+14155550100"),
        ("14155550100", "RU", "+14155550100"),
        ("(415) 555-0100", "US", "+14155550100"),
        ("+375 29 123 45 67", "RU", "+375291234567"),
    ],
)
def test_numbers_of_other_countries(text: str, region: str, number: str) -> None:
    assert parse_phone(text, region) == number


@pytest.mark.parametrize("sign", list("{}[]<>,|&^;:'\"\\/$`*#@=!?%~_\t\n\r\0a"))
@pytest.mark.parametrize("place", [0, 5, 12])
def test_what_means_something_to_a_dial_string_is_refused(sign: str, place: int) -> None:
    with pytest.raises(BadPhone):
        parse_phone(MOSCOW[:place] + sign + MOSCOW[place:])


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "+",
        "anonymous",
        "123",
        "000",
        "+7",
        "7" * 33,
        "7495111000١",
        "+74951110001\n",
        "74951110001&park()",
        "{origination_caller_id_number=1}74951110001",
        "74951110001,74951110002",
        "74951110001 ext 5",
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(BadPhone):
        parse_phone(text)


def test_a_refusal_quotes_safely_and_shortly() -> None:
    with pytest.raises(BadPhone) as refused:
        parse_phone("7495\n{evil}" + "x" * 1000)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 150


@pytest.mark.parametrize("extension", ["10", "101", "123456"])
def test_internal_numbers_may_be_dialed(extension: str) -> None:
    assert parse_dialable(extension) == extension


@pytest.mark.parametrize("text", ["1", "1*1", "10\n", "１０１", "1,2"])
def test_what_only_looks_like_an_internal_number(text: str) -> None:
    with pytest.raises(BadPhone):
        parse_dialable(text)


def test_other_numbers_are_dialable_as_ever() -> None:
    assert parse_dialable("8 495 111-00-01") == MOSCOW


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+79161234567", "+791******67"),
        ("101", "*01"),
        ("10", "10"),
        ("+7916", "+7916"),
        ("", ""),
    ],
)
def test_mask(phone: str, masked: str) -> None:
    assert mask(phone) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("calls +79161234567, then 74951110001", "calls +791******67, then *********01"),
        ("reached at +7 495 111-00-01.", "reached at +7 49* ***-**-01."),
        ("8 (495) 111-00-01", "* (***) ***-**-01"),
        ("8-916-123-45-67", "*-***-***-**-67"),
        ("7.916.1234567", "*.***.*****67"),
        ("ring 916 123-45-67, or (495) 111 00 01", "ring *** ***-**-67, or (***) *** ** 01"),
        ("+1 (415) 555-0100", "+1 (41*) ***-**00"),
        ("+7\u00a0495\u00a0111-00-01", "+7\u00a049*\u00a0***-**-01"),
        ("sofia/gateway/trunk/74951110001", "sofia/gateway/trunk/*********01"),
        ("1e2feb89-414c-443c-9027-790123456789.wav", "1e2feb89-414c-443c-9027-790123456789.wav"),
        ("2026-11-26T14:45:10.191863+00:00", "2026-11-26T14:45:10.191863+00:00"),
        ("26.11.2026 17:45:10", "26.11.2026 17:45:10"),
        ("8916-123-45-67, 7916 123 45 67", "****-***-**-67, **** *** ** 67"),
        ("8/916/123/45/67 id_79161234567_x 79161234567а", "*/***/***/**/67 id_*********67_x *********67а"),
        ("+7\u2013916\u2011123\u201145\u201167", "+7\u201391*\u2011***\u2011**\u201167"),
        ("+7\u202f916\u2009123 45 67", "+7\u202f91*\u2009*** ** 67"),
        (
            "https://market.example/customers/79161234567/orders",
            "https://market.example/customers/*********67/orders",
        ),
        ("192.168.100.200:5060, 10.0.0.7", "192.168.100.200:5060, 10.0.0.7"),
        ("3823181030026307051", "3823181030026307051"),
        ("order 105-442, 12 of 3 s, internal 101", "order 105-442, 12 of 3 s, internal 101"),
    ],
)
def test_masked_in_a_text(text: str, masked: str) -> None:
    assert mask_in(text) == masked


@given(st.one_of(st.text(max_size=40), st.text(alphabet="+0123456789() -.{},|&\n", max_size=20)))
def test_whatever_comes_is_a_number_or_refused(text: str) -> None:
    try:
        number = parse_phone(text)
    except BadPhone:
        return
    assert number.startswith("+")
    assert number[1:].isascii()
    assert number[1:].isdigit()
    assert 5 <= len(number) <= 17
    assert parse_phone(number) == number

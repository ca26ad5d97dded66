"""Phone numbers from outside, parsed before they reach a dial string, a file name, a log line or a page."""

from __future__ import annotations

import re

import phonenumbers

_ALLOWED = re.compile(r"\+?[0-9() \-\u00a0.]{1,32}")
_EXTENSION = re.compile(r"[0-9]{2,6}")
_BETWEEN = r"[\s./()_\-\u00ad\u2010-\u2015\u2212]{0,3}"
_IN_TEXT = re.compile(
    # No phones: the id of a call, which may end in twelve digits, a day, an address of IPv4.
    r"(?P<other>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\d|\d\d\.\d\d\.\d{4}(?!\d)"
    r"|(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]))"
    rf"|(?<!\d)\+?\(?\d(?:{_BETWEEN}\d){{9,14}}(?!\d)"
)
"""Numbers in a text, however they are written: ten digits or more with little between them."""


class BadPhone(ValueError):
    """What was given is no phone number; the message quotes it safely and says why."""


def parse_phone(text: str, region: str = "RU") -> str:
    """Return *text* as E.164 (``+79161234567``).

    Args:
        text: what somebody wrote or a SIP header said: digits, spaces, ``+ ( ) - .``, nothing else.
        region: ISO 3166 country whose national numbers are understood (``8 916 …``, ``495 …``).

    Raises:
        BadPhone: anything else, among it ``{ } , | &``, newlines and letters, which have a meaning
            in a FreeSWITCH dial string (``switch_ivr_originate``).
    """
    text = text.strip(" ")
    if not _ALLOWED.fullmatch(text):
        raise BadPhone(f"{text[:40]!r} is not a phone number: only digits, spaces and + ( ) - . are allowed")
    # Trunks send 79161234567 and 14155550100 without the plus: what is impossible nationally is tried so.
    for candidate in (text, "+" + re.sub(r"[^0-9]", "", text)):
        try:
            number = phonenumbers.parse(candidate, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    raise BadPhone(f"{text[:40]!r} is not a phone number: not one of {region}, nor an international one")


def parse_dialable(text: str, region: str = "RU") -> str:
    """Return *text* as E.164, or as it is when it is an internal number of 2 to 6 digits.

    A number to dial must be one that exists in its country's plan: with a digit missing, ``7495111001`` would
    ring a stranger abroad.

    Raises:
        BadPhone: as `parse_phone`, and a number that no country has.
    """
    if _EXTENSION.fullmatch(text):
        return text
    phone = parse_phone(text, region)
    if not phonenumbers.is_valid_number(phonenumbers.parse(phone)):
        raise BadPhone(f"{text[:40]!r} is not a phone number: no country has {phone} (a digit missing?)")
    return phone


def dialable_or_as_written(text: str, region: str = "RU") -> str:
    """Return *text* as `parse_dialable` does, or as it is when it is no phone number: only to be read."""
    try:
        return parse_dialable(text, region)
    except BadPhone:
        return text


def mask(phone: str) -> str:
    """Return *phone* with all but its country's first digits and the last two hidden (``+791******67``)."""
    digits = [place for place, sign in enumerate(phone) if sign.isdigit()]
    hidden = set(digits[3 if phone.startswith("+") else 0 : -2])
    return "".join("*" if place in hidden else sign for place, sign in enumerate(phone))


def mask_in(text: str) -> str:
    """Return *text* with every phone number in it masked."""
    return _IN_TEXT.sub(lambda found: found["other"] or mask(found.group()), text)

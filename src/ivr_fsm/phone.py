"""Phone numbers from outside, parsed before they reach a dial string, a file name, a log line or a page."""

from __future__ import annotations

import re

import phonenumbers

_ALLOWED = re.compile(r"\+?[0-9() \-\u00a0.]{1,32}")
_EXTENSION = re.compile(r"[0-9]{2,6}")


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
    if not _ALLOWED.fullmatch(text.strip(" ")):
        raise BadPhone(f"{text[:40]!r} is not a phone number: only digits, spaces and + ( ) - . are allowed")
    digits = text if text.strip().startswith("+") else _as_international(text, region)
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException as error:
        raise BadPhone(f"{text[:40]!r} is not a phone number: {error}") from None
    if not phonenumbers.is_possible_number(number):
        raise BadPhone(f"{text[:40]!r} is not a phone number: wrong number of digits for its country")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def parse_dialable(text: str, region: str = "RU") -> str:
    """Return *text* as E.164, or as it is when it is an internal number of 2 to 6 digits.

    Raises:
        BadPhone: as `parse_phone`.
    """
    return text if _EXTENSION.fullmatch(text) else parse_phone(text, region)


def mask(phone: str) -> str:
    """Return *phone* with all but its country's first digits and the last two hidden (``+791******67``)."""
    shown = 4 if phone.startswith("+") else 0
    hidden = len(phone) - shown - 2
    return phone if hidden <= 0 else phone[:shown] + "*" * hidden + phone[-2:]


def _as_international(text: str, region: str) -> str:
    """Trunks send ``79161234567`` without the plus; nationally it would be read as too long a number."""
    digits = re.sub(r"[^0-9]", "", text)
    code = str(phonenumbers.country_code_for_region(region))
    national = phonenumbers.parse(digits, region) if len(digits) > 3 else None
    if national is not None and phonenumbers.is_possible_number(national):
        return digits
    return f"+{digits}" if digits.startswith(code) else digits

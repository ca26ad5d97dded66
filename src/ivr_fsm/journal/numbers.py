"""One phone number in all its writings, and how it is taken out of a call's texts."""

from __future__ import annotations

import re
from collections.abc import Iterable

import phonenumbers
from sqlalchemy import ColumnElement

BETWEEN = (
    r"[-x\u2010-\u2015\u2212\u30fc\uff0d-\uff0f \u00a0\u00ad\u200b\u2060\u3000()"
    r"\uff08\uff09\uff3b\uff3d.\[\]/~\u2053\u223c\uff5e\u2000-\u200f\u202f\u205f]*"
)
"""What may stand between two digits of a number: what phonenumbers takes for punctuation, and any blank."""

_PLACEHOLDER = re.compile(r"\[number \d+\]")


class Number:
    """A number as trunks, shops and people write it: ``+7916…``, ``7916…``, ``8 (916) …``.

    Args:
        phone: the number in E.164.
        region: ISO 3166 country whose national numbers are understood; one of another country is known by
            its country code alone.

    Raises:
        ValueError: *phone* is no number in E.164.
    """

    def __init__(self, phone: str, region: str) -> None:
        try:
            number = phonenumbers.parse(phone)
        except phonenumbers.NumberParseException as error:
            raise ValueError(str(error)) from None
        self.national = phonenumbers.national_significant_number(number)
        """The digits that every writing has."""
        country = spaced(str(number.country_code))
        prefixes = [rf"(?:\+|\+?(?:00|011|810){BETWEEN})?{country}{BETWEEN}"]
        home = phonenumbers.PhoneMetadata.metadata_for_region(region)
        if home is not None and home.country_code == number.country_code:
            prefixes.append(f"(?:{home.national_prefix}{BETWEEN})?" if home.national_prefix else "")
        digits = spaced(self.national)
        self._writing = re.compile(rf"(?<![0-9+])(?:{'|'.join(prefixes)}){digits}(?![0-9])")
        # 916 123-45-67 is no writing of a Russian number when +1 stands before it.
        self._abroad = re.compile(rf"\+(?!{number.country_code})[0-9]{{1,3}}{BETWEEN}$")

    def writings(self, text: str) -> list[re.Match[str]]:
        """Return where the number stands in *text*."""
        return [
            found for found in self._writing.finditer(text) if not self._abroad.search(text, 0, found.start())
        ]

    def may_stand_in(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        """Return the condition that *column* has the number's digits, whatever stands between them."""
        found: ColumnElement[bool] = column.regexp_match(spaced(self.national))
        return found


def spaced(digits: str) -> str:
    """Return the regular expression, Python's and PostgreSQL's, of *digits* with anything `BETWEEN` them."""
    return BETWEEN.join(digits)


class Eraser:
    """Takes one number out of all texts of one call, each writing for a placeholder of its own.

    The flow rings two writings of a number twice, and one writing once: what it did must stay to be seen.

    Args:
        number: what is taken out; None: nothing.
        planned: the phones of the call's plan. A writing that stands there is configuration, and stays: the
            call could not be replayed by its plan otherwise.
        text: all of the call, so that no placeholder is used that it has already.
    """

    def __init__(self, number: Number | None, planned: Iterable[str], text: str) -> None:
        self._number = number
        self._planned = {found[0] for each in planned for found in self._writings(each)}
        self._taken = set(_PLACEHOLDER.findall(text))
        self._placeholders: dict[str, str] = {}
        self.left = False
        """Whether the number was found where it stays."""

    def __call__(self, text: str) -> str:
        """Return *text* without the number."""
        parts, end = [], 0
        for found in self._writings(text):
            if found[0] in self._planned:
                self.left = True
            else:
                parts += [text[end : found.start()], self._placeholder(found[0])]
                end = found.end()
        return "".join([*parts, text[end:]])

    def _writings(self, text: str) -> list[re.Match[str]]:
        return self._number.writings(text) if self._number else []

    def _placeholder(self, writing: str) -> str:
        if writing not in self._placeholders:
            count = 1
            while (name := f"[number {count}]") in self._taken:
                count += 1
            self._taken.add(name)
            self._placeholders[writing] = name
        return self._placeholders[writing]

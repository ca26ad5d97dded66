"""How a call is shown: in which language and time zone, and whether with whole phone numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache

from ivr_fsm.phone import mask_in
from ivr_fsm.watch.words import Words


@dataclass(frozen=True, slots=True)
class View:
    """How a call is shown.

    Attributes:
        zone: the time zone of what is shown; None: the machine's own.
        masked: hide the middle of every phone number.
        language: of the words; there is a ``<language>.toml`` beside this file.
    """

    zone: tzinfo | None = None
    masked: bool = False
    language: str = "en"

    def local(self, at: datetime) -> datetime:
        """Return *at* in the zone of this view."""
        return at.astimezone(self.zone)

    def begin(self, wall: datetime) -> datetime:
        """Return the moment at which the clocks of this view's zone show *wall*."""
        return wall.astimezone() if self.zone is None else wall.replace(tzinfo=self.zone)

    def safe(self, text: str) -> str:
        """Return a text from outside on one line, without control characters, its phones masked if asked."""
        if not text.isprintable():
            text = "".join(
                sign if sign.isprintable() else " " if sign.isspace() else "\ufffd" for sign in text
            )
        return mask_in(text) if self.masked else text

    def text(self, key: str, /, **facts: str) -> str:
        """Return the text of that *key*, like ``legs.rings``, with *facts* in it, safe to show.

        Raises:
            KeyError: there is none.
        """
        return self.safe(words(self.language).text(key, **facts))

    def either(self, section: str, name: str, otherwise: str | None = None) -> str:
        """Return the text of *name* in *section*, or *otherwise*, or else *name* itself; safe to show.

        An older flow, or a newer one, may have names that have no words here.
        """
        spoken = name.replace("_", " ") if otherwise is None else otherwise
        return self.safe(words(self.language).either(section, name, spoken))


@cache
def words(language: str, package: str = __package__) -> Words:
    """Return the texts of *package*, by default those of the story, in that *language*.

    Raises:
        FileNotFoundError: there are none.
    """
    return Words(language, package)

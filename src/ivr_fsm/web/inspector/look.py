"""How pages are shown to whoever asks for one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """What of a page depends on who asks for it. It goes to another process with each request.

    Attributes:
        language: ``ru`` or ``en``.
        theme: ``light``, ``dark``, or empty: as the browser has it.
        name: who asks, as pages show it; empty: nobody in particular.
        may_log_out: by a login of ours: whom a proxy names logs out elsewhere.
        numbers: phone numbers are shown whole.
        listen: recordings may be heard.
        act: calls may be sent on, ended, called back.
        unguarded: anybody on this machine may do all that: nothing was configured.
    """

    language: str = "ru"
    theme: str = ""
    name: str = ""
    may_log_out: bool = False
    numbers: bool = True
    listen: bool = True
    act: bool = False
    unguarded: bool = False

    @property
    def of_rows(self) -> Look:
        """What of it the rows of live calls depend on: many pages share them."""
        return Look(language=self.language, numbers=self.numbers)

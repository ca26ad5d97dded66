"""The page on which people log in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from ivr_fsm.web.inspector.look import Look
from ivr_fsm.web.inspector.showing import Showing
from ivr_fsm.web.inspector.templates import render

_FAULTS = {"wrong": "sign_in.wrong", "wait": "sign_in.slow"}


def page(look: Look, onward: str, fault: str) -> str:
    """Return the page.

    Args:
        look: of whoever has not logged in.
        onward: the path to go to afterwards.
        fault: ``wrong``: the token was; ``wait``: too many were; empty: none was given yet.
    """
    # There are no numbers on it that could be masked: no word of that.
    look = replace(look, numbers=True)
    show = Showing(look, UTC)
    return render("sign_in.html", look=look, show=show, up="", onward=onward, fault=_FAULTS.get(fault, ""))

"""How what the journal says stands on a page: in whose words, on whose clocks, with which numbers hidden."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from urllib.parse import urlsplit

from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.story.view import View
from ivr_fsm.watch.spans import duration
from ivr_fsm.web.inspector.look import Look
from ivr_fsm.web.inspector.words import words_of


class Showing:
    """Puts values into words for one `Look`, with times on the clocks of *zone*."""

    def __init__(self, look: Look, zone: tzinfo) -> None:
        self.look = look
        self.zone = zone
        self.words = words_of(look.language)
        self.view = View(zone, masked=not look.numbers, language=self.words.language)

    def w(self, key: str, **facts: str) -> str:
        """Return the text of that key."""
        return self.words.text(key, **facts)

    def safe(self, text: str) -> str:
        """Return a text from outside without control characters, its phone numbers masked if they have to be.

        The templates escape what is HTML in it.
        """
        return self.view.safe(text)

    def link(self, url: str) -> str:
        """Return an address from outside that may stand in a link; empty: not, or a number is in it."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return ""
        sound = parts.scheme in ("http", "https") and parts.hostname and url.isprintable() and " " not in url
        # A number of ten digits may be a phone.
        return url if sound and self.view.safe(url) == url else ""

    def local(self, at: datetime) -> datetime:
        """Return *at* on the clocks of the page."""
        return at.astimezone(self.zone)

    def clock(self, at: datetime | None) -> str:
        """Return the time of day."""
        return f"{self.local(at):%H:%M:%S}" if at else ""

    def day(self, at: datetime) -> str:
        """Return the date."""
        return f"{self.local(at):{self.w('formats.day')}}"

    def date(self, at: datetime | None) -> str:
        """Return date and time."""
        return f"{self.day(at)} {self.clock(at)}" if at else ""

    def span(self, lasted: timedelta | None) -> str:
        """Return how long something lasted; empty: that is not known."""
        return duration(lasted)

    def state(self, state: str) -> str:
        """Return the name of a state."""
        return self.words.either("states", state, state)

    def target(self, target: str) -> str:
        """Return who a target is."""
        return self.words.either("who", target, target.replace("_", " "))

    def outcome(self, call: CallEntry) -> str:
        """Return how a call ended, or that it has not."""
        if call.refused:
            return self.words.outcome("refused")
        if call.status == "live":
            return self.w("outcome_names.live")
        return self.words.outcome(call.status, back=bool(call.back))

    def tone(self, call: CallEntry) -> str:
        """Return the colour of an outcome, as the style sheet calls it: ``good``, ``fair``, ``bad``, …"""
        kind = call.status.partition(":")[0]
        return {"live": "live", "answered": "good", "abandoned": "fair", "partner": "plain"}.get(kind, "bad")

    def phone(self, call: CallEntry) -> str:
        """Return the caller's number, or why there is none."""
        return (
            self.safe(call.phone)
            if call.phone
            else self.w("call.removed" if call.forgotten else "call.hidden")
        )

    def who(self, call: CallEntry) -> str:
        """Return who called, as far as it is known; empty: nobody knows."""
        if call.kind == "partner":
            return self.safe(f"«{call.shop}»")
        order = f"№{call.order_id}" if call.order_id else ""
        return self.safe(" ".join(filter(None, (call.name, order))))

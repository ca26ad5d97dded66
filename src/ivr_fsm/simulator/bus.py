"""Which event goes to which connection: subscriptions and filters of mod_event_socket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from ivr_fsm.simulator.frames import event_frame


@dataclass
class Event:
    """One event of the switch.

    Attributes:
        headers: ``Event-Name`` and the rest, not encoded.
        body: text of a ``BACKGROUND_JOB``.
    """

    headers: Mapping[str, str]
    body: str = ""

    @property
    def name(self) -> str:
        """``Event-Name``."""
        return self.headers["Event-Name"]

    @property
    def lane(self) -> str:
        """What orders it: events of one channel, or of one job, never overtake each other."""
        return self.headers.get("Unique-ID") or self.headers.get("Job-UUID", "")

    @cached_property
    def frame(self) -> bytes:
        """The event as it goes over the wire."""
        return event_frame(self.headers, self.body)


class Listener(Protocol):
    """A connection, as the bus sees it."""

    def deliver(self, event: Event) -> None:
        """Send *event*, if it was subscribed to."""


Filter = tuple[str, str]
"""A header's name and its value; values are compared without regard to case."""


class Bus:
    """Hands events to connections; a thousand filtered connections cost no more than the one that matches.

    A connection without filters gets every event of the switch; with filters, those that match any one.
    """

    def __init__(self) -> None:
        self._unfiltered: dict[Listener, None] = {}
        self._filters: dict[Listener, dict[Filter, None]] = {}
        self._by_filter: dict[str, dict[str, dict[Listener, None]]] = {}

    def join(self, listener: Listener) -> None:
        """Let *listener* in, without filters."""
        self._unfiltered[listener] = None
        self._filters[listener] = {}

    def leave(self, listener: Listener) -> None:
        """Forget *listener*."""
        for each in list(self._filters.get(listener, ())):
            self.remove_filter(listener, each)
        self._filters.pop(listener, None)
        self._unfiltered.pop(listener, None)

    def add_filter(self, listener: Listener, rule: Filter) -> None:
        """Let through to *listener* what matches *rule* too."""
        name, value = rule
        self._filters[listener][rule] = None
        self._by_filter.setdefault(name, {}).setdefault(value.lower(), {})[listener] = None
        self._unfiltered.pop(listener, None)

    def remove_filter(self, listener: Listener, rule: Filter) -> None:
        """Take *rule* back; a listener without any rule gets everything again."""
        name, value = rule
        if self._filters[listener].pop(rule, self) is self:
            return
        values = self._by_filter[name]
        values[value.lower()].pop(listener, None)
        if not values[value.lower()]:
            del values[value.lower()]
        if not self._filters[listener]:
            self._unfiltered[listener] = None

    def rules(self, listener: Listener, name: str) -> list[Filter]:
        """Return the rules of *listener* about the header *name*; all of them for ``all``."""
        return [rule for rule in self._filters[listener] if name in {rule[0], "all"}]

    def publish(self, event: Event) -> None:
        """Hand *event* to every connection that its filters let it through to."""
        for listener in self._listeners(event):
            listener.deliver(event)

    def _listeners(self, event: Event) -> Iterable[Listener]:
        found = dict(self._unfiltered)
        for name, values in self._by_filter.items():
            found.update(values.get(event.headers.get(name, "").lower(), {}))
        return found

"""What people, phones and the switch did in a recorded call, apart from what the service asked of them.

A reaction is kept with the time since what it answers: a key since the menu was begun, an answer since the
phone was dialed, the end of a conversation since its beginning. So it can be given to another course of
the same call (`ivr_fsm.journal.whatif.model`). It is kept as well until when what they do is known.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from math import inf

from ivr_fsm.flow import events
from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.whatif.lengths import Lengths
from ivr_fsm.phone import BadPhone, parse_dialable

LegEvent = (
    events.LegAnswered
    | events.LegEnded
    | events.LegDigitPressed
    | events.AnnouncementFinished
    | events.Bridged
    | events.BridgeFailed
)
"""What happens to a target leg. That it rings leads nowhere."""

TELLING = ("greeting", "menu", "partner_notice", "unanswered")
"""The states that wait for the end of what is said; in the first two a key of the caller's counts."""


ENDS = ("releasing", "ended")
"""The states in which it is decided what a call came to."""


class NotModelled(Exception):
    """The call cannot be modelled; the message says why, in the same words for every such call."""


@dataclass(frozen=True, slots=True)
class Deed:
    """An event, *after* seconds; *number* is its step's: what is due at one moment keeps its order."""

    after: float
    number: int
    event: events.Event


@dataclass(slots=True)
class Phone:
    """How a phone behaved when it was dialed; seconds since then.

    Attributes:
        known: it did nothing else until then; beyond, nobody knows. Infinite when it ended by itself.
        answered: when it was answered.
        net: the switch's own limit ended it, so many seconds after the dialing, or after the answer.
        ring_limit, park_limit: what those limits were.
        announced: the end of what it was told, by the codes; seconds since that was begun.
        connected: whether the caller was to be connected with it.
        bridging: what the switch said to that, and seconds since it was asked for.
        talked: whether the caller talked to it.
    """

    ring_limit: float
    park_limit: float
    deeds: list[Deed] = field(default_factory=list)
    known: float = inf
    answered: float | None = None
    net: float | None = None
    announced: dict[tuple[str, ...], Deed | None] = field(default_factory=dict)
    connected: bool = False
    bridging: Deed | None = None
    talked: bool = False

    @property
    def left(self) -> bool:
        """Whether who had answered hung up before the caller was to be connected."""
        hung_up = any(isinstance(deed.event, events.LegEnded) for deed in self.deeds)
        return hung_up and not self.connected


@dataclass(slots=True)
class Saying:
    """The greeting, the menu or a notice, said once; seconds since it was begun.

    Attributes:
        token: the prompt's; *code* is what it says.
        keys: what the caller pressed.
        known: how long the caller was listened to; infinite when the caller ended it by hanging up.
    """

    began: float
    token: str
    code: str
    keys: list[Deed] = field(default_factory=list)
    known: float = inf


@dataclass(slots=True)
class Stretch:
    """From the beginning of the call or of a conversation on; seconds since then.

    Attributes:
        phone: whom the caller talks to at its beginning; empty: the call begins.
        deeds: what the caller did, and how the conversation ended.
        known: the caller stayed until then: somebody else answered, or we ended the call. Infinite when the
            caller hung up.
    """

    phone: str
    began: float
    deeds: list[Deed] = field(default_factory=list)
    known: float = inf


@dataclass(slots=True)
class Reactions:
    """All that is known of a call besides what the service did.

    Attributes:
        path: the states that it went through, as far as `ENDS`.
        identified: what the marketplace said; None: nothing as long as the call lasted.
        phones: by number, one for each time that it was dialed.
        sayings: by state and how many times it had been said.
        stretches: the waiting, then each conversation.
    """

    arrived: events.CallArrived
    started: datetime
    plan: Plan
    path: tuple[str, ...] = ()
    identified: Deed | None = None
    phones: dict[str, list[Phone]] = field(default_factory=lambda: defaultdict(list))
    sayings: dict[tuple[str, int], Saying] = field(default_factory=dict)
    stretches: list[Stretch] = field(default_factory=list)
    lengths: Lengths = field(default_factory=Lengths)


@lru_cache(10_000)
def same_phone(phone: str, region: str) -> str:
    """Return a phone so that two ways of writing it are equal."""
    try:
        return parse_dialable(phone, region)
    except BadPhone:
        return phone

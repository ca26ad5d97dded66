"""The message of a call: who calls, where the call is, what comes next, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import groupby
from typing import Any

from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.recordings import REMOVED
from ivr_fsm.slack.buttons import buttons
from ivr_fsm.slack.facts import answered, arrival, dressed, present
from ivr_fsm.slack.lines import verdict
from ivr_fsm.slack.message import Block, Dossier, Message
from ivr_fsm.slack.mrkdwn import FIELD, HEADER, clip, context, escape, link, mrkdwn, plain_text, section
from ivr_fsm.story.standing import Facts, phones, picked_up
from ivr_fsm.watch.ahead import ahead
from ivr_fsm.watch.spans import duration
from ivr_fsm.watch.words import Words

LEGS = 6
"""So many ringing phones are named; of the others their number."""

BACKS = 3
"""So many of the last attempts to call back are told."""

_TEXT = 400
_NAMES = ("name", "shop", "order")


@dataclass(frozen=True, slots=True)
class Links:
    """Where more can be seen of a call; None: nowhere.

    Attributes:
        call: the address of the call in the inspector.
        recording: that of its recording.
    """

    call: Callable[[CallEntry], str | None] = lambda _call: None
    recording: Callable[[CallEntry], str | None] = lambda _call: None


def card(dossier: Dossier, words: Words, links: Links, zone: tzinfo, may_act: bool) -> Message:
    """Return the message of a call as it stands now.

    Args:
        dossier: the call.
        words: the language.
        links: where more can be seen.
        zone: on whose clocks times are.
        may_act: whether there are buttons at all.
    """
    made = _Card(dossier, words, links, zone)
    pressed = buttons(dossier.call, words) if may_act else None
    blocks: list[Block] = [
        {"type": "header", "text": plain_text(made.head(), HEADER)},
        {"type": "section", "fields": [mrkdwn(field, FIELD) for field in made.fields()]},
        section("\n".join(made.body())),
        *([pressed] if pressed else []),
        context(" · ".join(made.foot())),
    ]
    return Message(made.text(), blocks)


def channel_of(
    dossier: Dossier, channels: Mapping[str, str], reporting: Callable[[datetime], bool]
) -> str | None:
    """Return the channel of a call: None: that is not known yet; empty: it is not told anywhere.

    Args:
        dossier: the call.
        channels: the channel of each scenario that is told.
        reporting: says whether reporting was on at a time.
    """
    call = dossier.call
    if call.refused or call.back:
        return ""
    if not call.kind and call.status == "live":
        return None
    if call.kind == "partner" and not reporting(arrival(dossier)[0]):
        return ""
    return channels.get(call.kind or "other", "")


def finished(dossier: Dossier) -> bool:
    """Return whether nothing more can come of itself: all is over, every recording has its verdict."""
    calls = ((dossier.call, dossier.steps), *dossier.backs)
    return all(
        bool(call.refused or call.lost or call.state == "ended")
        and (call.recording is not None or not any(map(_records, steps)))
        for call, steps in calls
    )


def _records(step: Any) -> bool:
    return any(command.get("is") == "Record" for command in step.commands)


class _Card:
    def __init__(self, dossier: Dossier, words: Words, links: Links, zone: tzinfo) -> None:
        self._dossier, self._words, self._links, self._zone = dossier, words, links, zone
        self._call = dossier.call
        self._live = self._call.status == "live"
        self._present = present(dossier)
        self._facts = dressed(arrival(dossier)[1], self._call, words.text("card.orders"))

    @property
    def _talking(self) -> bool:
        return self._live and self._call.state == "connected" and not self._present.deadlines

    def head(self) -> str:
        """Our own words alone: Slack shows a header as it is."""
        call, kind = self._call, self._call.status.partition(":")[0]
        if self._live:
            name = "talking" if self._talking else call.kind or "other"
        else:
            name = "done" if call.done else "partner_told" if kind == "partner" else kind
        return self._words.either("heads", name, self._words.text("heads.over"))

    def text(self) -> str:
        """For notifications."""
        facts = dressed({name: arrival(self._dossier)[1].get(name, "") for name in _NAMES}, self._call)
        who = ", ".join(filter(None, (*map(facts.get, _NAMES), self._phone()))) or self._nobody()
        what = self._state() if self._live else escape(self._words.outcome(self._call.status))
        return clip(self._words.text("card.text", who=who, what=what), _TEXT)

    def fields(self) -> Iterator[str]:
        """Who calls, and about what."""
        known = self._facts.get
        shop = ", ".join(filter(None, (known("shop"), known("city"))))
        if self._call.kind == "partner":
            yield self._field("shop", shop, self._phone())
            return
        yield self._field(
            "customer", known("name") or self._nobody(), self._phone(), known("orders_link", "")
        )
        if known("order"):
            yield self._field("order", " · ".join(filter(None, (known("order"), known("status")))))
        if shop:
            yield self._field("shop", shop)
        if address := known("address"):
            yield self._field("address", address)

    def _field(self, name: str, *values: str) -> str:
        return "\n".join([f"*{self._words.text(f'card.{name}')}*", *filter(None, values)])

    def _nobody(self) -> str:
        return self._words.text("card.forgotten" if self._call.forgotten else "card.unknown")

    def _phone(self) -> str:
        if self._call.forgotten:
            return ""
        phone = escape(self._call.phone)
        return phone or self._words.text("card.hidden")

    def body(self) -> Iterator[str]:
        """Where the call is and what comes next, or what came of it."""
        yield from self._now() if self._live else self._over()

    # While it lives

    def _state(self) -> str:
        state = "connecting" if self._call.state == "connected" and not self._talking else self._call.state
        return escape(self._words.either("states", state, state))

    def _now(self) -> Iterator[str]:
        since = self._time(self._call.since)
        if self._talking:
            yield self._words.text("card.talks", since=since, who=self._whose(answered(self._dossier)))
            return
        yield self._words.text("card.state", state=self._state(), since=since)
        if self._present.deadlines and self._call.state in ("announcing", "connected"):
            yield self._words.text("card.picked_up", who=self._whose(picked_up(self._dossier.steps)))
        if ringing := self._ringing():
            yield self._words.text("card.ringing", legs=ringing)
        if (coming := ahead(self._present, self._dossier.plan)) is not None:
            what = self._words.text(f"goes.{coming.what}")
            at = self._time(coming.at) if coming.at else ""
            yield self._words.text(f"ahead.{coming.when}", what=what, at=at)

    def _ringing(self) -> str:
        ringing = [phone for phone in phones(self._dossier.steps) if phone.rings]
        said = []
        for target, group in groupby(ringing[:LEGS], key=lambda phone: phone.target):
            whose = escape(self._words.either("who", target, target))
            said.append(f"{whose} {', '.join(escape(phone.phone) for phone in group)}")
        if len(ringing) > LEGS:
            said.append(self._words.text("card.more", count=str(len(ringing) - LEGS)))
        return "; ".join(said)

    # When it is over

    def _over(self) -> Iterator[str]:
        call, words = self._call, self._words
        if call.answered_by and call.status == f"answered:{call.answered_by}":
            yield words.text("card.answered", who=self._whose(answered(self._dossier)))
        else:
            yield words.text("card.outcome", outcome=escape(words.outcome(call.status)))
            if call.answered_by:
                yield words.text("card.answered", who=self._whose(answered(self._dossier)))
        yield from filter(None, [" · ".join(self._durations(call)), " · ".join(self._recording(call))])
        for back, _ in self._dossier.backs[-BACKS:]:
            if back.status != "live":
                outcome = escape(words.outcome(back.status, back=True))
                talked = words.text("card.talked", time=duration(back.talked)) if back.talked else ""
                at = self._time(back.started)
                said = words.text("card.called_back", at=at, outcome=outcome, talked=talked)
                yield " · ".join([said, *self._recording(back)])
        yield from self._followed_up()

    def _durations(self, call: CallEntry) -> Iterator[str]:
        for name, lasted in (("waited", call.waited), ("talked", call.talked)):
            if lasted is not None:
                yield self._words.text(f"card.{name}", time=duration(lasted))

    def _recording(self, call: CallEntry) -> Iterator[str]:
        said = call.recording
        if said == REMOVED:
            yield self._words.text("card.recording_removed")
        elif said:
            if said != "missing" and (address := self._links.recording(call)):
                yield link(self._words.text("card.recording"), address)
            if said != "ok":
                yield self._words.text("card.recording_faulty", verdict=verdict(call, self._words))

    def _followed_up(self) -> Iterator[str]:
        call = self._call
        by = {each.what: escape(each.by) for each in self._dossier.follow_ups}
        if call.done:
            yield self._words.text("card.done", by=by.get("done", ""), at=self._time(call.done))
        elif (at := call.claimed) and not any(
            back.started >= at and back.status != "live" for back, _ in self._dossier.backs
        ):
            yield self._words.text("card.calls_back", by=by.get("call_back", ""), at=self._time(at))

    def foot(self) -> Iterator[str]:
        """When it was, and where more can be seen of it."""
        call = self._call
        date = f"{call.started.astimezone(self._zone):{self._words.text('formats.date')}}"
        yield self._words.text("card.began", at=date)
        if call.ended:
            yield self._words.text("card.ended", at=self._time(call.ended))
        if address := self._links.call(call):
            yield link(self._words.text("card.call"), address)

    def _whose(self, phone: Facts) -> str:
        facts = dressed({**arrival(self._dossier)[1], **phone}, self._call)
        key = f"targets.{facts.get('target', '')}"
        if key not in self._words.all:
            return " ".join(filter(None, (facts.get("target", ""), facts.get("leg_phone", "")))) or "-"
        return self._words.text(key, **facts)

    def _time(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):{self._words.text('formats.time')}}"

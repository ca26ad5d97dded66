"""The page of one call: who and what came of it, its lanes, its way through the flow, its steps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ivr_fsm.journal.entries import CallEntry, FollowUp, StepEntry
from ivr_fsm.journal.files import Exported, read_call, to_text
from ivr_fsm.journal.recordings import REMOVED
from ivr_fsm.story.doable import doable
from ivr_fsm.story.names import phone_words
from ivr_fsm.story.raw import masked, raw
from ivr_fsm.story.rows import Row
from ivr_fsm.story.standing import Facts, answered, arrival
from ivr_fsm.story.teller import tell
from ivr_fsm.web.inspector import chart, lanes_svg
from ivr_fsm.web.inspector.archive import Archive
from ivr_fsm.web.inspector.lanes import Lanes, lanes
from ivr_fsm.web.inspector.listing import row as list_row
from ivr_fsm.web.inspector.live import live_row
from ivr_fsm.web.inspector.look import Look
from ivr_fsm.web.inspector.replayed import replayed
from ivr_fsm.web.inspector.scale import Scale
from ivr_fsm.web.inspector.showing import Showing
from ivr_fsm.web.inspector.templates import render
from ivr_fsm.web.inspector.waveform import Loudness, loudness

_HIDDEN = ("releasing", "ended")


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of what is known: its name, a text, and where that leads, if anywhere."""

    name: str
    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """A row of the steps, with what stands in the journal of each step that it tells of.

    Attributes:
        others: the steps that the lanes lead to and that are found here, too: grouped or left out.
    """

    told: Row
    state: str
    first: int
    clock: str
    raw: list[tuple[int, str]]
    others: list[int]


@dataclass(frozen=True, slots=True)
class Sound:
    """The recording: what can be said of it, and where it can be heard."""

    text: str = ""
    address: str = ""
    faulty: bool = False


@dataclass(slots=True)
class _Page:
    archive: Archive
    show: Showing
    call: CallEntry
    exported: Exported
    facts: Facts = field(default_factory=dict)

    @property
    def steps(self) -> list[StepEntry]:
        return list(self.exported.steps)

    @property
    def live(self) -> bool:
        return self.call.status == "live"


def page(archive: Archive, look: Look, call: CallEntry, query: Mapping[str, str]) -> str:
    """Return the page of *call*.

    Args:
        archive: where it is.
        look: how it is shown.
        call: the call.
        query: of the page's address: ``all`` shows every step, ``unfold`` the pauses, ``replay`` replays,
            ``done`` is what was answered to a button.
    """
    show = Showing(look, archive.zone)
    exported = read_call(archive.reader, call)
    made = _Page(archive, show, call, exported, arrival(call, exported.steps)[1])
    every = query.get("all") == "1"
    story = tell(call, made.steps, exported.gaps, show.view, every=every)
    moves = [step.after for step in made.steps if step.moved]
    follow_ups = archive.reader.follow_ups(call.key)
    backs = archive.reader.backs(call.call)
    return render(
        "call.html",
        show=show,
        look=look,
        up="../",
        call=call,
        title=show.w("call.title", phone=show.phone(call)),
        outcome=show.outcome(call),
        tone=show.tone(call),
        live=live_row(archive, show, call) if made.live else None,
        facts=list(_facts(made)),
        buttons=_buttons(look, call),
        answer=_answer(show, query.get("done", "")),
        follow_ups=[_follow_up(show, each) for each in follow_ups],
        backs=[list_row(show, each) for each in backs],
        back_of=_back_of(archive, call),
        picture=_picture(made, folded=query.get("unfold") != "1"),
        sound=_sound(made),
        unfolded=query.get("unfold") == "1",
        path=[show.state(after) for after in moves if after not in _HIDDEN],
        chart=_chart(show, made.steps, call.state if made.live else "") if moves else "",
        every=every,
        rows=list(_timeline(made, story.rows)),
        left_out=story.left_out,
        again=replayed(archive, show, call, made.steps) if query.get("replay") == "1" else None,
    )


def document(archive: Archive, look: Look, call: CallEntry) -> str:
    """Return *call* as the JSON that ``ivr-fsm export`` writes, masked if it has to be."""
    text = to_text(read_call(archive.reader, call))
    if look.numbers:
        return text
    view = Showing(look, archive.zone).view
    return json.dumps(masked(json.loads(text), view), ensure_ascii=False, indent=1) + "\n"


def _facts(page: _Page) -> Iterator[Fact]:
    show, call, facts = page.show, page.call, page.facts
    safe = show.safe
    if call.kind == "partner":
        yield Fact(show.w("call.partner"), safe(call.shop), show.link(facts.get("shop_link", "")))
    else:
        who = safe(call.name) or show.w("call.forgotten" if call.forgotten else "call.unknown")
        yield Fact(show.w("call.caller"), who, show.link(facts.get("orders_link", "")))
        if call.order_id:
            status = facts.get("status", "")
            text = safe(f"{call.order_id} · {status}" if status else call.order_id)
            yield Fact(show.w("call.order"), text, show.link(facts.get("order_link", "")))
        if call.shop:
            place = ", ".join(filter(None, (call.shop, facts.get("city", ""))))
            yield Fact(show.w("call.shop"), safe(place), show.link(facts.get("shop_link", "")))
        if facts.get("address") and not call.forgotten:
            yield Fact(show.w("call.address"), safe(facts["address"]))
    yield from _course(page)
    if call.called:
        yield Fact(show.w("call.called"), safe(call.called))
    yield Fact(show.w("call.instance"), safe(call.instance))
    yield Fact(show.w("call.revision"), show.w("call.revision_text", flow=call.flow, plan=call.plan))
    yield Fact(show.w("call.id"), call.call)


def _course(page: _Page) -> Iterator[Fact]:
    """Say when the call was, how long it took, and who answered."""
    show, call = page.show, page.call
    yield Fact(show.w("call.began"), show.date(call.started))
    if call.ended:
        yield Fact(show.w("call.ended"), show.clock(call.ended))
    if call.waited:
        yield Fact(show.w("call.waited"), show.span(call.waited))
    if call.talked:
        yield Fact(show.w("call.talked"), show.span(call.talked))
    if by := answered(call, page.steps):
        whose = [show.target(by["target"]), by.get("manager", ""), by.get("leg_phone", "")]
        yield Fact(show.w("call.answered"), show.safe(", ".join(filter(None, whose))))


def _buttons(look: Look, call: CallEntry) -> list[str]:
    if not look.act or call.refused:
        return []
    # What is to be done about who was called back is done about the call that they had made.
    return [each for each in doable(call) if not call.back or each == "stop"]


def _answer(show: Showing, done: str) -> tuple[str, bool] | None:
    """Return what came of a button, and whether that is what was wanted."""
    if done == "taken":
        return show.w("page.taken"), True
    said = show.words.either("answers", done, "")
    return (said, False) if said else None


def _follow_up(show: Showing, each: FollowUp) -> tuple[str, str]:
    what = each.what if f"follow_ups.{each.what}" in show.words.all else "other"
    return show.clock(each.at), show.w(f"follow_ups.{what}", by=show.safe(each.by), what=show.safe(each.what))


def _back_of(archive: Archive, call: CallEntry) -> CallEntry | None:
    found = archive.reader.call(call.back) if call.back else []
    return found[0] if found else None


def _sound(page: _Page) -> Sound:
    call, show = page.call, page.show
    if page.live or not any(
        command.get("is") == "Record" for step in page.steps for command in step.commands
    ):
        return Sound()
    if call.recording == REMOVED:
        return Sound(show.w("call.recording_gone"))
    if page.archive.recording(call) is None:
        return Sound(show.w("call.recording_none"), faulty=True)
    if not show.look.listen:
        return Sound(show.w("call.listen_forbidden"))
    faulty = call.recording not in (None, "", "ok")
    text = show.w("call.faulty", verdict=_verdict(show, call)) if faulty else ""
    return Sound(text, f"recordings/{call.call}.wav", faulty)


def _verdict(show: Showing, call: CallEntry) -> str:
    what, _, details = (call.recording or "").partition(": ")
    said = show.words.either("verdicts", what, what)
    return show.safe(f"{said} ({details})" if details else said)


def _picture(page: _Page, *, folded: bool) -> lanes_svg.Picture | None:
    if not page.steps:
        return None
    now = (datetime.now(UTC) - page.call.started).total_seconds() if page.live else None
    found = lanes(page.steps, now)
    scaled = lanes_svg.scale_of(found, folded=folded)
    view = page.show.view
    titles = [phone_words(f"{lane.target} {lane.phone}", view) for lane in found.legs]
    return lanes_svg.draw(found, scaled, page.show, titles, _loud(page, found, scaled))


def _loud(page: _Page, found: Lanes, scaled: Scale) -> Loudness:
    file = page.archive.recording(page.call)
    if page.live or file is None or not page.show.look.listen:
        return []
    try:
        return loudness(file, lanes_svg.columns(found, scaled))
    except (OSError, ValueError):
        # What is wrong with it is said by the verdict.
        return []


def _chart(show: Showing, steps: list[StepEntry], present: str) -> str:
    path = " → ".join(show.state(step.after) for step in steps if step.moved)
    return chart.draw(chart.way(steps, present), show.words, show.w("call.chart_label", path=path))


def _timeline(page: _Page, rows: list[Row]) -> Iterator[TimelineRow]:
    by_number = {step.number: step for step in page.steps}
    begins = [told.numbers[0] for told in rows if told.numbers]
    for told in rows:
        records = [(number, raw(by_number[number], page.show.view, 2)) for number in told.numbers]
        state = page.show.state(told.state) if told.state else ""
        at = page.call.started + timedelta(seconds=told.at)
        first = told.numbers[0] if told.numbers else 0
        until = min((each for each in begins if each > first), default=max(by_number, default=0) + 1)
        others = [number for number in by_number if first < number < until] if first else []
        yield TimelineRow(told, state, first, page.show.clock(at), records, others)

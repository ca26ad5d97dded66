"""The thread of a call: what happened in it, a line each, in the order in which it happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, tzinfo

from ivr_fsm.flow.commands import Tell
from ivr_fsm.journal.entries import CallEntry, StepEntry
from ivr_fsm.journal.recordings import REMOVED
from ivr_fsm.slack.facts import dressed
from ivr_fsm.slack.message import Dossier, Line, Message, Posted
from ivr_fsm.slack.mrkdwn import BLOCKS, MESSAGE, SECTION, clip, escape, section, size
from ivr_fsm.story.standing import ARRIVALS, tells
from ivr_fsm.watch.words import Words

Reporting = Callable[[datetime], bool]

LONGEST = 600
"""The longest line."""

_ROUTINE = frozenset({"to_office", "office_silent", "office_closed"})
"""What is told only while reporting is on."""

_LOUD = frozenset({"unanswered", "directory_failed", "prompt_missing", "legs_left"})
"""What the channel itself is told, too."""

_SECTIONS = BLOCKS // SECTION
_HIDDEN = "—"


def lines(dossier: Dossier, posted: Posted, words: Words, reporting: Reporting) -> list[Line]:
    """Return what the thread of a call has not been told yet, the oldest first.

    Args:
        dossier: the call.
        posted: up to where its thread has been written.
        words: the language.
        reporting: says whether reporting was on at a time.
    """
    found = list(_of_call(dossier.call, dossier.steps, words, reporting, back=False))
    found += _follow_ups(dossier, words)
    for call, steps in dossier.backs:
        found += _of_call(call, steps, words, reporting, back=True)
    new = (line for line in found if line.place > posted.get(line.source, 0))
    return sorted(new, key=lambda line: line.at)


def advance(posted: Posted, lines: Sequence[Line]) -> Posted:
    """Return up to where a thread is written when *lines* are in it, too."""
    now = dict(posted)
    for line in lines:
        now[line.source] = max(line.place, now.get(line.source, 0))
    return now


def thread_message(lines: Sequence[Line], words: Words, zone: tzinfo) -> Message:
    """Return *lines* as one message, each with its time on the clocks of *zone*."""
    texts = [clip(line.text, LONGEST) for line in lines]
    clock = words.text("formats.time")
    timed = [f"{line.at.astimezone(zone):{clock}}  {text}" for line, text in zip(lines, texts, strict=True)]
    sections = list(_packed(timed))
    blocks = [section("\n".join(each)) for each in sections[:_SECTIONS]]
    if left := sum(map(len, sections[_SECTIONS:])):
        blocks.append(section(words.text("faults.more", count=str(left))))
    return Message(clip("\n".join(texts), MESSAGE), blocks)


def _packed(texts: Sequence[str]) -> Iterator[list[str]]:
    """Return *texts* in as few sections as hold them."""
    packed: list[str] = []
    for text in texts:
        if packed and size("\n".join([*packed, text])) > SECTION:
            yield packed
            packed = []
        packed.append(text)
    if packed:
        yield packed


def _of_call(
    call: CallEntry, steps: Sequence[StepEntry], words: Words, reporting: Reporting, *, back: bool
) -> Iterator[Line]:
    source, of = str(call.key), f":{call.key}" if back else ""
    for step, tell in tells(steps):
        # Who calls stands in the message that the thread belongs to.
        if tell.what not in ARRIVALS and (tell.what not in _ROUTINE or reporting(step.at)):
            yield Line(
                source, step.number, step.at, _said(call, tell, words, back=back), _loud(tell, back=back)
            )
    for step in steps:
        if step.fault:
            text = words.text("faults.step", fault=escape(step.fault))
            yield Line(source, step.number, step.at, text, "fault")
    if call.status == "lost" and call.lost:
        where = escape(words.either("where", call.state, call.state))
        key = "faults.back_lost" if back else "faults.lost"
        yield Line(f"lost{of}", 1, call.lost, words.text(key, where=where, phone=escape(call.phone)), "lost")
    if call.recording not in (None, "", "ok", REMOVED):
        at = max(filter(None, (call.started, call.ended, call.lost)))
        text = words.text("faults.recording", verdict=verdict(call, words))
        yield Line(f"recording{of}", 1, at, text, "recording")


def _said(call: CallEntry, tell: Tell, words: Words, *, back: bool) -> str:
    if tell.what not in words.known:
        return escape(tell.what)
    facts = dressed(tell.facts, call, words.text("card.orders"))
    if facts.get("phone") == _HIDDEN:
        facts["phone"] = words.text("card.hidden")
    return words.say(Tell(tell.what, facts), back=back)


def _loud(tell: Tell, *, back: bool) -> str:
    if tell.what == "ended":
        return "failed" if tell.facts.get("outcome") == "failed" else ""
    # Whoever calls back is on the line, and hears that nobody answers.
    return tell.what if tell.what in _LOUD and not (back and tell.what == "unanswered") else ""


def _follow_ups(dossier: Dossier, words: Words) -> Iterator[Line]:
    for each in dossier.follow_ups:
        key = f"follow_ups.{each.what}"
        key = key if key in words.all else "follow_ups.other"
        text = words.text(key, by=escape(each.by), what=escape(each.what))
        yield Line("follow_ups", each.id, each.at, text)


def verdict(call: CallEntry, words: Words) -> str:
    """Return what is wrong with the recording of *call*, as markup."""
    said = call.recording or ""
    what, _, details = said.partition(": ")
    known = words.either("verdicts", what, "")
    return " ".join(filter(None, (known, details and f"({escape(details)})"))) if known else escape(said)

"""The pages, made in a process of their own: `ivr_fsm.web.inspector.clerk` calls what is here."""

from __future__ import annotations

import gzip
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess

from ivr_fsm.journal.database import JournalError
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.web.inspector import call, flowpage, listing
from ivr_fsm.web.inspector.archive import Archive, Shelf
from ivr_fsm.web.inspector.live import LiveRows, Tick
from ivr_fsm.web.inspector.look import Look
from ivr_fsm.web.inspector.showing import Showing
from ivr_fsm.web.inspector.templates import render

NICE = 5
"""Calls come first: pages are made when a processor is free."""


@dataclass(frozen=True, slots=True)
class Made:
    """A page: its status, what is sent (gzipped), and the name of the file that it is offered as."""

    status: int
    gzipped: bytes
    name: str = ""


def _made(status: int, body: str, name: str = "") -> Made:
    return Made(status, gzip.compress(body.encode(), 3), name)


class _Desk:
    """What this process has open."""

    archive: Archive
    rows: LiveRows


def begin(shelf: Shelf) -> None:
    """Open what is on the shelf; once, when this process begins."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICE)
    if (parent := parent_process()) is not None:
        # A service that was killed ends nothing: nobody must be left behind.
        threading.Thread(target=_go_with, args=(parent,), daemon=True).start()
    _Desk.archive = Archive(shelf)
    _Desk.rows = LiveRows(_Desk.archive)


def _go_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(0)


def calls_page(look: Look, query: Mapping[str, str]) -> Made:
    """Return the list of calls."""
    try:
        return _made(200, listing.page(_Desk.archive, _Desk.rows, look, query))
    except JournalError as error:
        return failed(look, str(error), up="")


def call_page(look: Look, name: str, query: Mapping[str, str]) -> Made:
    """Return the page of the call whose key, or the beginning of whose id, is *name*."""
    try:
        found = _Desk.archive.reader.call(name)
        if len(found) == 1:
            return _made(200, call.page(_Desk.archive, look, found[0], query))
        return _not_one(look, name, found)
    except JournalError as error:
        return failed(look, str(error), up="../")


def call_document(look: Look, name: str) -> Made:
    """Return a call as JSON."""
    try:
        found = _Desk.archive.reader.call(name)
        if len(found) == 1:
            return _made(200, call.document(_Desk.archive, look, found[0]), f"call-{found[0].call}.json")
        return _not_one(look, name, found)
    except JournalError as error:
        return failed(look, str(error), up="../")


def flow_page(look: Look, query: Mapping[str, str]) -> Made:
    """Return the page of the flow."""
    try:
        return _made(200, flowpage.page(_Desk.archive, look, query))
    except JournalError as error:
        return failed(look, str(error), up="")


def key_of(name: str) -> int | None:
    """Return the key of the one call whose key, or the beginning of whose id, is *name*."""
    found = _Desk.archive.reader.call(name)
    return found[0].key if len(found) == 1 else None


def tick(looks: tuple[Look, ...]) -> dict[Look, Tick]:
    """Return what has become of the live calls, for each kind of page that is open."""
    _Desk.rows.forget(set(looks))
    return {look: _Desk.rows.tick(look) for look in looks}


def failed(look: Look, why: str, up: str) -> Made:
    """Return the page that says that the journal cannot be read."""
    show = Showing(look, _Desk.archive.zone)
    text = show.w("page.failed_text", why=show.safe(why))
    return _made(503, _message(show, show.w("page.failed"), text, up))


def _not_one(look: Look, name: str, found: list[CallEntry]) -> Made:
    show = Showing(look, _Desk.archive.zone)
    if found:
        page = _message(show, show.w("page.several"), "", "../", found)
        return _made(300, page)
    text = show.w("page.not_found_text", name=show.safe(name[:60]))
    return _made(404, _message(show, show.w("page.not_found"), text, "../"))


def _message(show: Showing, title: str, text: str, up: str, calls: Sequence[CallEntry] = ()) -> str:
    return render("message.html", show=show, look=show.look, up=up, title=title, text=text, calls=calls)

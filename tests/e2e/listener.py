"""Listens to recordings as people would: the verdict is in the journal, the sound comes over HTTP."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.reader import Reader, Wanted

from .processes import Service, until

TOKEN = "the-token-of-the-tests"
PATIENCE = 15.0
"""Seconds until there is a verdict on every call."""


@dataclass
class Answer:
    """What the web server answered."""

    status: int
    headers: Message
    body: bytes


@dataclass
class Listened:
    """What can be had of the recording of a call."""

    call: CallEntry
    """With the verdict."""
    whole: Answer
    part: Answer
    """Bytes 44 to 32043: one second, without the header."""
    refused: Answer
    """Without the token."""


def listen(service: Service, folder: Path) -> Iterator[tuple[str, Listened]]:
    """Yield every call of *service*, by its id, and what can be had of its recording."""
    (started,) = service.all(event="web server")
    engine = open_engine(f"sqlite:///{folder}/journal.db")
    reader = Reader(engine)
    until(PATIENCE, lambda: all(call.recording is not None for call in reader.each(Wanted())))
    for call in reader.each(Wanted()):
        url = f"http://127.0.0.1:{started['port']}/recordings/{call.call}.wav"
        token = {"Authorization": f"Bearer {TOKEN}"}
        part = {"Range": "bytes=44-32043"}
        yield call.call, Listened(call, _get(url, token), _get(url, token | part), _get(url, {}))
    engine.dispose()


def _get(url: str, headers: dict[str, str]) -> Answer:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())

"""The inspector's pages over a journal of many calls: how long each takes, over HTTP."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlencode

from sqlalchemy import Engine, func, select

from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.journal.tables import CALLS, STEPS
from ivr_fsm.web.inspector.flowpage import PERIODS
from ivr_fsm.web.inspector.listing import KINDS, OUTCOMES, STATES, TARGETS

AGAIN = 15
"""How often each kind of page is asked for, or twice each of its addresses."""
FURTHER = 5
"""So many calls of each kind are looked at."""


def measure_pages(engine: Engine) -> dict[str, list[float]]:
    """Return the milliseconds that each page takes, by its words; the pages are those of ``ivr-fsm inspect``.

    Raises:
        RuntimeError: a page was not what it has to be.
    """
    found: dict[str, list[float]] = {}
    with _inspector(engine) as browser:
        for words, paths in _addresses(engine):
            times = max(AGAIN, 2 * len(paths))
            found[words] = [_fetched(browser, paths[each % len(paths)]) for each in range(times)]
    return found


def _addresses(engine: Engine) -> Iterator[tuple[str, list[str]]]:
    """Yield what is asked for, and addresses of it."""
    reader, chance = Reader(engine), random.Random(3)
    newest = reader.calls(Wanted(), 500)

    def calls(**query: object) -> str:
        return f"/calls?{urlencode(query)}"

    keys = _some_keys(engine)
    yield "the list", ["/calls"]
    yield "its third page", [calls(before=newest[min(99, len(newest) - 1)].key)]
    yield (
        "a page far back, and the one after it",
        [calls(**{way: key}) for key in keys for way in ("before", "after")],
    )
    for name, values in (("outcome", OUTCOMES), ("by", TARGETS), ("in", STATES), ("kind", KINDS)):
        yield f"each {name}", [calls(**{name: value}) for value in values]
    first, last = reader.calls(Wanted(), 1, after=0)[0].started, newest[0].started
    days = [first + (last - first) * chance.random() for _ in range(FURTHER)]
    yield "one day", [calls(since=f"{day:%F}", until=f"{day:%F}") for day in days]
    yield "30 days", [calls(since=f"{day - timedelta(days=30):%F}", until=f"{day:%F}") for day in days]
    yield "from a day on", [calls(since=f"{day:%F}") for day in days]
    yield "until a day", [calls(until=f"{day:%F}") for day in days]
    yield (
        "several filters",
        [calls(outcome="abandoned", kind="order", since=f"{day:%F}", q="мар") for day in days],
    )
    whole = [chance.choice(newest).phone for _ in range(FURTHER)]
    yield "search: a phone", [calls(q=phone) for phone in whole]
    yield (
        "search: a phone as people write it",
        [calls(q=f"8 ({phone[2:5]}) {phone[5:8]}-{phone[8:10]}-{phone[10:]}") for phone in whole],
    )
    yield "search: four digits of a phone", [calls(q=phone[-4:]) for phone in whole]
    yield "search: a name in small letters", [calls(q="мария"), calls(q="пётр"), calls(q="кузнецов")]
    yield "search: an order", [calls(q="10544"), calls(q="10542")]
    yield "search: the beginning of an id", [calls(q=chance.choice(newest).call[:8]) for _ in range(FURTHER)]
    yield "search: nothing is found", [calls(q="никто такой"), calls(q="00000000000"), calls(q="zzz")]
    yield (
        "search: nothing, with a filter",
        [
            calls(q="никто такой", outcome="answered"),
            calls(q="0000000000", kind="other"),
            calls(q="никто", since=f"{days[0]:%F}"),
        ],
    )
    for length, ids in _calls_by_length(engine).items():
        yield f"{length} call", [f"/calls/{quote(name)}" for name in ids]
        yield f"{length} call, every step", [f"/calls/{quote(name)}?all=1&unfold=1" for name in ids]
        yield f"{length} call, replayed", [f"/calls/{quote(name)}?replay=1" for name in ids]
        yield f"{length} call, as JSON", [f"/calls/{quote(name)}.json" for name in ids]
    for period in PERIODS:
        yield f"the flow, period={period}", [f"/flow?period={period}"]


def _some_keys(engine: Engine) -> list[int]:
    """Return keys of calls from all over the journal."""
    with engine.connect() as connection:
        count = connection.execute(select(func.count()).select_from(CALLS)).scalar_one()
        rows = select(CALLS.c.key).order_by(CALLS.c.key)
        return [
            connection.execute(rows.offset(count * part // (FURTHER + 1)).limit(1)).scalar_one()
            for part in range(1, FURTHER + 1)
        ]


def _calls_by_length(engine: Engine) -> dict[str, list[str]]:
    """Return ids of the newest calls that have the fewest steps of all, about as many as most, the most."""
    steps = func.count().label("steps")
    newest = select(CALLS.c.key, CALLS.c.call).order_by(CALLS.c.key.desc()).limit(500).subquery()
    counted = select(newest.c.call, steps).join(STEPS, STEPS.c.key == newest.c.key)
    with engine.connect() as connection:
        rows = connection.execute(counted.group_by(newest.c.call).order_by(steps)).all()
    names = [name for name, _ in rows]
    half = len(names) // 2
    return {
        "a short": names[:FURTHER],
        "a": names[half : half + FURTHER],
        "a long": names[-FURTHER:],
    }


@contextmanager
def _inspector(engine: Engine) -> Iterator[HTTPConnection]:
    """Serve the pages in a process of their own, and connect to it."""
    program = str(Path(sys.executable).with_name("ivr-fsm"))
    command = [program, "inspect", "--journal", str(engine.url), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            port = process.stdout.readline().partition("http://127.0.0.1:")[2].partition("/")[0]
            with closing(HTTPConnection("127.0.0.1", int(port), timeout=60)) as browser:
                _fetched(browser, "/calls")
                yield browser
        finally:
            process.terminate()


def _fetched(browser: HTTPConnection, path: str) -> float:
    """Return the milliseconds until all of a page was there."""
    began = time.perf_counter()
    browser.request("GET", path, headers={"Accept-Encoding": "gzip"})
    answer = browser.getresponse()
    answer.read()
    took = time.perf_counter() - began
    if answer.status != 200:
        raise RuntimeError(f"{path} was answered {answer.status}")
    return took * 1000

"""What Slack costs a call: the service without it, with one that answers, and with one that never does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median

from tests.bench.double import Double
from tests.bench.measure import Bench, Counts
from tests.bench.process import Server

NONE, ANSWERS, DEAD = "without", "answers", "dead"
IDLE_ROUNDS, BUSY_ROUNDS = 12, 6
"""So often it is each one's turn: what else the machine does meanwhile is shared out among them."""

_REPLY = b'{"ok":true,"channel":"C0BENCH","ts":"%d.000100","messages":[],"user_id":"U0","bot_id":"B0"}'


@dataclass
class Slacks:
    """Seconds from digit to ``uuid_break``, by what is measured and by what Slack does.

    Attributes:
        figures: the samples.
        asked: how many requests the Slack that answers was sent.
    """

    figures: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    asked: int = 0

    def add(self, name: str, slack: str, seconds: Sequence[float]) -> None:
        """Add samples."""
        self.figures.setdefault(name, {NONE: [], ANSWERS: [], DEAD: []})[slack] += seconds

    def rows(
        self, percentile: Callable[[Sequence[float], float], float]
    ) -> Iterator[tuple[str, list[float]]]:
        """Yield what was measured and milliseconds for each Slack: medians, and 99th percentiles."""
        for name, samples in self.figures.items():
            yield f"{name}, median", [median(each) * 1000 for each in samples.values()]
            yield f"{name}, p99", [percentile(each, 99) * 1000 for each in samples.values()]


async def measure_slacks(
    double: Double, folder: str, core: int | None, counts: Counts, progress: Callable[[str], None]
) -> Slacks:
    """Measure the three in turns.

    Args:
        double: the switch.
        folder: where the servers may write.
        core: where they run; None: anywhere.
        counts: how much is measured.
        progress: told what is being measured.
    """
    done = Slacks()
    with _servers(double, folder, core) as servers:
        for bench in servers.values():
            bench.takes_calls()
            await bench.whole(counts.warm)
        for turn in range(IDLE_ROUNDS):
            progress(f"Slack, idle: round {turn + 1} of {IDLE_ROUNDS}")
            for slack, bench in _in_turn(servers, turn):
                done.add("idle", slack, await bench.idle(-(-counts.idle // IDLE_ROUNDS)))
        for turn in range(BUSY_ROUNDS):
            progress(f"Slack, live calls: round {turn + 1} of {BUSY_ROUNDS}")
            for slack, bench in _in_turn(servers, turn):
                calls = await bench.live(counts.busy)
                done.add(f"{counts.busy} live calls", slack, await bench.in_talk(calls, counts.presses))
                await bench.cut(calls)
        done.asked = servers[ANSWERS].asked()
    return done


def _in_turn(servers: Mapping[str, _WithSlack], turn: int) -> Iterator[tuple[str, _WithSlack]]:
    """Let each be called once; another one begins in every turn."""
    names = [*servers]
    for place in range(len(names)):
        slack = names[(turn + place) % len(names)]
        servers[slack].takes_calls()
        yield slack, servers[slack]


class _WithSlack(Bench):
    """A service, and the Slack that it tells of its calls."""

    slack: Server | None = None

    def asked(self) -> int:
        return int(self.slack.usage().parts["requests"]) if self.slack else 0


@contextmanager
def _servers(double: Double, folder: str, core: int | None) -> Iterator[dict[str, _WithSlack]]:
    with ExitStack() as stack:

        def start(name: str, core: int | None, *more: str) -> Server:
            server = Server(name, double.control_port, folder, core, *more)
            stack.callback(server.close)
            return server

        found = {NONE: _WithSlack(double, start("ours", core, f"{folder}/{NONE}.db"))}
        for name in (ANSWERS, DEAD):
            slack = start(f"Slack {name}", None)
            address = f"http://127.0.0.1:{slack.port}/api/"
            found[name] = _WithSlack(double, start("ours", core, f"{folder}/{name}.db", address))
            found[name].slack = slack
        yield found


# In a process of its own


async def serve_slack(*, dead: bool, count: Callable[[], None]) -> None:
    """Be a Slack whose every answer is yes; *dead*: that reads and never answers. *count* each request."""
    names = iter(range(1, 10**9))

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
            await reader.readexactly(int(length or 0))
            count()
            if dead:
                continue
            body = _REPLY % next(names)
            kind = b"Content-Type: application/json\r\nContent-Length: %d" % len(body)
            writer.write(b"HTTP/1.1 200 OK\r\n" + kind + b"\r\n\r\n" + body)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""

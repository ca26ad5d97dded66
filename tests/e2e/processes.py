"""The processes that a test talks to, SIP user agents and the service; what they say is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
Line = dict[str, Any]

REPOSITORY = Path(__file__).parents[2]


class News:
    """Wakes whoever waits for something that any of the processes may say."""

    def __init__(self) -> None:
        self._changed = threading.Condition()

    def tell(self) -> None:
        """Something was said."""
        with self._changed:
            self._changed.notify_all()

    def wait(self, look: Callable[[], T], seconds: float) -> T:
        """Return what *look* finds as soon as it is true, or what it finds after *seconds*."""
        with self._changed:
            self._changed.wait_for(look, seconds)
        return look()


class Process:
    """A process that says one JSON object a line (kept in *name*.jsonl too); other lines are left out."""

    def __init__(self, news: News, command: list[str], *, folder: Path, name: str, **more: str) -> None:
        self.lines: list[Line] = []
        self.news = news
        self.name = name
        with (folder / f"{name}.err").open("ab") as errors:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, cwd=folder,
                env=environment(more),
            )  # fmt: skip
        self._copy = folder / f"{name}.jsonl"
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._copy.open("ab") as copy:
            for text in self._process.stdout:
                if text.startswith(b"{"):
                    copy.write(text)
                    self.keep(json.loads(text))
                    self.news.tell()

    def keep(self, line: Line) -> None:
        """Remember a line."""
        self.lines.append(line)

    def wait_for(self, seconds: float, **said: Any) -> Line:
        """Return the first line that holds all of *said*.

        Raises:
            TimeoutError: none came within *seconds*.
        """
        found = self.news.wait(lambda: next(iter(self.all(**said)), None), seconds)
        if found is None:
            raise TimeoutError(f"{self.name} has not said {said} within {seconds:g} s: {self.lines[-5:]}")
        return found

    def all(self, **said: Any) -> list[Line]:
        """Return every line so far that holds all of *said*."""
        return [line for line in tuple(self.lines) if said.items() <= line.items()]

    def stop(self, how: signal.Signals = signal.SIGTERM, seconds: float = 10) -> int:
        """End the process and return its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(how)
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._reader.join(5)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        return code


class UserAgent(Process):
    """A phones.py: see there for what it can be told, and what it says."""

    def __init__(self, news: News, folder: Path, name: str, rtp: int) -> None:
        script = str(Path(__file__).with_name("phones.py"))
        super().__init__(news, [sys.executable, script, "--rtp", str(rtp)], folder=folder, name=name)
        self.port = int(self.wait_for(30, event="ready")["port"])

    def tell(self, **command: Any) -> None:
        """Give one command."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        self._process.stdin.flush()

    def leave(self) -> None:
        """Hang up everywhere and end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        finally:
            self.stop()


class Service(Process):
    """``ivr-fsm serve``, exactly as a user runs it, with JSON lines as its log."""

    def __init__(self, news: News, folder: Path, name: str, settings: Mapping[str, str]) -> None:
        self._calls: dict[str, list[Line]] = defaultdict(list)
        self._last_call: dict[str, str] = {}
        program = Path(sys.executable).with_name("ivr-fsm")
        super().__init__(news, [str(program), "serve"], folder=folder, name=name, **settings)
        self.wait_for(30, event="waiting for calls")

    def keep(self, line: Line) -> None:
        """Remember a line, and which call it belongs to."""
        super().keep(line)
        self._calls[line.get("call", "")].append(line)
        for command in line.get("commands", ()):
            if command.startswith("Identify +"):
                self._last_call[command.removeprefix("Identify +")] = line["call"]

    def of_call(self, caller: str) -> list[Line]:
        """Return what was said about the last call from *caller* so far."""
        return list(self._calls[self._last_call[caller]]) if caller in self._last_call else []


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process of the test: none of the settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IVR_", "FS_"))}
    return {**kept, **more}


def wall(line: Line) -> float:
    """Return when a line of the service's log was written or a user agent's event happened, Unix seconds."""
    if isinstance(at := line.get("at"), float):
        return at
    return datetime.fromisoformat(str(at or line["timestamp"])).timestamp()


def until(seconds: float, look: Callable[[], T]) -> T:
    """Ask *look* every 50 ms until it is true, *seconds* at most; return what it said last."""
    end = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < end:
        time.sleep(0.05)
    return found

"""Plays scenes on the real switch, several at once, and keeps the log and what everybody heard."""

from __future__ import annotations

import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from . import ears
from .listener import TOKEN
from .processes import Line, News, Service, UserAgent, until, wall
from .scene import CALLERS_TONES, RINGING, SERVICE, TONES, Act, Phone, Scene
from .switch import RealSwitch
from .trunk import Trunk

TOGETHER = 8
"""Scenes at once: each is two processes and up to six channels, and the machine may have two cores."""
LIMIT = 100.0
"""Seconds after which a scene is given up."""
NOBODY = "0000000000"
"""What FreeSWITCH shows where no number is set (`IVR_CALLER_ID`): who is called back has no caller."""
GRACE = 5.0
"""Seconds that the channels of a call may live on when it has ended."""


@dataclass
class Ear:
    """What one leg heard: its recording, on the wall clock."""

    phone: str
    file: Path
    began: float
    prompts_of: Mapping[str, ears.Sound]

    channel: int = 0

    @cached_property
    def sound(self) -> ears.Sound:
        """The recording."""
        return ears.read(self.file, self.channel)

    @cached_property
    def prompts(self) -> list[ears.Heard]:
        """Which prompts were heard, seconds from `began`."""
        return ears.prompts(self.sound, self.prompts_of)

    @cached_property
    def tones(self) -> list[ears.Tone]:
        """Which tones were heard, seconds from `began`."""
        return ears.tones(self.sound, [RINGING, *TONES.values(), *CALLERS_TONES])

    @cached_property
    def silences(self) -> list[tuple[float, float]]:
        """Where nothing was heard for more than a second."""
        return ears.silences(self.sound, 1.0)

    def heard_tone(self, hertz: int) -> float:
        """How long a tone was heard, seconds."""
        return sum(tone.seconds for tone in self.tones if tone.hertz == hertz)


@dataclass
class Played:
    """What came of a scene."""

    scene: Scene
    caller: str
    tone: int
    lines: list[Line] = field(default_factory=list)
    """The service's log of this call."""
    events: list[Line] = field(default_factory=list)
    """What the user agents said, the caller's and the phones'."""
    ears: list[Ear] = field(default_factory=list)
    """The caller's first, then one for each phone that had sound, in the order of that."""
    left: list[dict[str, Any]] = field(default_factory=list)
    """Channels that were still there `GRACE` seconds after the end."""
    cleared: float = 0.0
    """Seconds from the end of the caller's leg until the switch had no channel of the call."""
    faults: list[str] = field(default_factory=list)
    """What went wrong with the scene itself."""

    @property
    def steps(self) -> list[Line]:
        """The steps of the call."""
        return [line for line in self.lines if line["event"] == "step"]

    @property
    def call_id(self) -> str:
        """The call's id."""
        return str(self.steps[0]["call"])

    @property
    def states(self) -> list[str]:
        """The way of the call."""
        return [step["after"] for step in self.steps if step["after"] != step["before"]]

    def entered(self, state: str, visit: int = 1) -> float | None:
        """When the call entered *state* for the *visit*-th time, Unix seconds."""
        times = [wall(step) for step in self.steps if step["after"] == state != step["before"]]
        return times[visit - 1] if len(times) >= visit else None

    def ear(self, phone: str) -> Ear:
        """The ear of a phone, or of the caller.

        Raises:
            LookupError: it has heard nothing.
        """
        return next(ear for ear in self.ears if ear.phone == phone)

    def recorded(self, folder: Path) -> tuple[Ear, Ear]:
        """The switch's recording of the call, its two channels."""
        file = next(folder.glob(f"*/recordings/{self.call_id}.wav"))
        return Ear("caller", file, 0.0, {}, 0), Ear("callee", file, 0.0, {}, 1)

    def happened(self, **said: Any) -> list[Line]:
        """What the user agents said with all of *said* in it."""
        return [line for line in self.events if said.items() <= line.items()]


class Stage:
    """Where scenes are played: the switch, its trunk, and prompts to be recognised."""

    def __init__(self, switch: RealSwitch, trunk: Trunk, folder: Path, news: News) -> None:
        self.switch = switch
        self.folder = folder
        self.news = news
        self._trunk = trunk
        self._agents = 0
        self._starting = threading.Lock()

    def play(
        self, service: Service | None, scenes: Mapping[str, Scene], known: Mapping[str, ears.Sound]
    ) -> Iterator[Played]:
        """Play scenes, by the number that calls; yield what came of each."""
        with ThreadPoolExecutor(TOGETHER) as pool:
            playing = [
                pool.submit(self.play_one, service, scene, caller, tone, known)
                for (caller, scene), tone in zip(scenes.items(), _tones(), strict=False)
            ]
            for each in playing:
                yield each.result()

    def play_one(
        self, service: Service | None, scene: Scene, caller: str, tone: int, known: Mapping[str, ears.Sound]
    ) -> Played:
        """Play one scene."""
        played = Played(scene, caller, tone)
        with self._starting:  # a process that starts takes the time of those that talk
            people, phones = self._agent(caller, "caller"), self._agent(caller, "phones")
        try:
            _Playing(self, service, played, people, phones).run()
        finally:
            people.leave()
            phones.leave()
        played.events = sorted((*people.lines, *phones.lines), key=lambda line: float(line["at"]))
        played.ears = list(_ears(played, self.folder, known))
        return played

    def lead(self, caller: str, port: int) -> None:
        """Calls from *caller* ring at the phones at *port*."""
        self._trunk.lead(caller, port)

    def _agent(self, caller: str, name: str) -> UserAgent:
        self._agents += 1
        return UserAgent(self.news, self.folder, f"{caller}-{name}", 20000 + 20 * self._agents)


class _Playing:
    """A scene while it is played."""

    def __init__(
        self, stage: Stage, service: Service | None, played: Played, people: UserAgent, phones: UserAgent
    ) -> None:
        self._stage = stage
        self._service = service
        self._played = played
        self._people = people
        self._phones = phones
        self._acts = list(played.scene.acts)

    def run(self) -> None:
        """From the call to the last channel."""
        caller, stage = self._played.caller, self._stage
        stage.lead(caller, self._phones.port)
        for number in TONES:
            self._expect(number, self._played.scene.phones.get(number, Phone()))
        for number in TONES:
            self._phones.wait_for(5, event="expecting", called=number)
        self._people.tell(
            do="call",
            caller=caller,
            to=f"sip:{SERVICE}@127.0.0.1:{stage.switch.sip_port}",
            tone=self._played.tone,
            record=str(stage.folder / f"{caller}.wav"),
        )
        end = time.time() + LIMIT
        while not self._people.all(event="ended") and time.time() < end:
            self._act()
            stage.news.wait(self._due, 0.02)
        if not self._people.all(event="ended"):
            self._people.leave()
            self._played.faults.append(f"not over after {LIMIT:g} s")
        if self._played.scene.back is not None and self._service:
            stage.news.wait(self._over, GRACE)
            self._call_back(self._service, self._played.scene.back)
        ended = time.time()
        until(GRACE, lambda: not stage.switch.channels(caller))
        self._played.left = stage.switch.channels(caller)
        self._played.cleared = time.time() - ended
        if self._service:
            stage.news.wait(self._over, GRACE)
            self._look()
        self._played.faults += [f"did not {act.do} in {act.state}" for act in self._acts]

    def _expect(self, number: str, phone: Phone, tone: int = 0, shown: str = "") -> None:
        shown = shown or self._played.caller
        for visit in (1, 2):
            self._phones.tell(
                do="expect",
                caller=shown,
                called=number,
                ring=phone.ring,
                then=phone.then,
                tone=tone or TONES[number],
                record=str(self._stage.folder / f"{shown}-{number}-{visit}.wav"),
            )

    def _call_back(self, service: Service, customer: Phone) -> None:
        """Have the caller called back, twice at once; whoever is reached hangs up after three seconds."""
        caller = self._played.caller
        self._expect(caller, customer, self._played.tone, NOBODY)
        self._phones.wait_for(5, event="expecting", called=caller)
        for _ in range(2):
            press(service, self._played.call_id, "call_back")
        if customer.then == "answer":
            self._phones.wait_for(30, event="answered", leg=f"{NOBODY} {caller} 1")
            time.sleep(3)
            self._phones.tell(do="hangup", leg=f"{NOBODY} {caller} 1")
        # The office's phone is the caller of that call.
        until(30, lambda: self._stage.switch.channels(caller))
        until(30, lambda: not self._stage.switch.channels(caller))

    def _look(self) -> None:
        if self._service:
            self._played.lines = self._service.of_call(self._played.caller)

    def _over(self) -> bool:
        self._look()
        return self._played.entered("ended") is not None

    def _when(self, act: Act) -> float | None:
        if act.state == "answered":
            agent, leg = self._agent_and_leg(act)
            entered = next((float(line["at"]) for line in agent.all(event="answered", leg=leg)), None)
        else:
            entered = self._played.entered(act.state, act.visit)
        return None if entered is None else entered + act.after

    def _next(self) -> float:
        return min((when for act in self._acts if (when := self._when(act)) is not None), default=9e99)

    def _due(self) -> bool:
        self._look()
        return self._next() <= time.time() or bool(self._people.all(event="ended"))

    def _act(self) -> None:
        for act in list(self._acts):
            if (when := self._when(act)) is not None and when <= time.time():
                self._acts.remove(act)
                self._do(act)

    def _do(self, act: Act) -> None:
        agent, leg = self._agent_and_leg(act)
        match act.do:
            case "press":
                agent.tell(do="press", leg=leg, digits=act.what)
            case "hangup":
                agent.tell(do="hangup", leg=leg)
            case "refer":
                agent.tell(do="refer", leg=leg, to=f"sip:{act.what}@127.0.0.1:{self._stage.switch.sip_port}")
            case "answer both":
                legs = [line["leg"] for line in self._phones.all(event="incoming")]
                self._phones.tell(do="answer", legs=legs)

            case "button" if self._service:
                press(self._service, self._played.call_id, act.what)
            case "kill" if self._service:
                self._service.stop(signal.SIGKILL)

    def _agent_and_leg(self, act: Act) -> tuple[UserAgent, str]:
        if not act.who:
            return self._people, f"{self._played.caller} {SERVICE} 1"
        rung = self._phones.all(event="incoming", called=act.who)
        return self._phones, f"{self._played.caller} {act.who} {max(1, len(rung))}"


def press(service: Service, call: str, button: str) -> None:
    """Press a button on a call's page, as somebody does who watches."""
    (started,) = service.all(event="web server")
    request = urllib.request.Request(
        f"http://127.0.0.1:{started['port']}/calls/{call}/{button}",
        method="POST",
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    with suppress(urllib.error.HTTPError):
        # Where it leads to is the call's page.
        urllib.request.urlopen(request, timeout=10).close()


def _tones() -> Iterator[int]:
    while True:
        yield from CALLERS_TONES


def _ears(played: Played, folder: Path, known: Mapping[str, ears.Sound]) -> Iterable[Ear]:
    for line in sorted(
        played.happened(event="sound"), key=lambda line: (f" {SERVICE} " not in line["leg"], line["at"])
    ):
        caller, called, visit = line["leg"].split()
        if called == SERVICE:
            yield Ear("caller", folder / f"{caller}.wav", line["at"], known)
        else:
            yield Ear(called, folder / f"{caller}-{called}-{visit}.wav", line["at"], known)

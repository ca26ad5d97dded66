"""Plays scenes on the real switch, several at once, and keeps the log and what everybody heard."""

from __future__ import annotations

import signal
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.slack.interactions import ANNA, BORIS

from . import ears
from .channel import Channel
from .listener import TOKEN
from .played import Log, Played, ears_of
from .processes import News, Service, UserAgent, until
from .scene import CALLERS_TONES, CUSTOMER, NOBODY, SERVICE, TONES, Act, Back, Phone, Scene
from .switch import RealSwitch
from .trunk import Trunk

TOGETHER = 8
"""Scenes at once: each is two processes and up to six channels, and the machine may have two cores."""
LIMIT = 100.0
"""Seconds after which a scene is given up."""
GRACE = 5.0
"""Seconds that the channels of a call may live on when it has ended."""


class Stage:
    """Where scenes are played: the switch, its trunk, and prompts to be recognised."""

    def __init__(self, switch: RealSwitch, trunk: Trunk, channel: Channel, folder: Path, news: News) -> None:
        self.switch = switch
        self.channel = channel
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
        played = Played(scene=scene, caller=caller, tone=tone)
        with self._starting:  # a process that starts takes the time of those that talk
            people, phones = self._agent(caller, "caller"), self._agent(caller, "phones")
        try:
            _Playing(self, service, played, people, phones).run()
        finally:
            people.leave()
            phones.leave()
        played.events = sorted((*people.lines, *phones.lines), key=lambda line: float(line["at"]))
        played.ears = list(ears_of(played, self.folder, known))
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
        self._log: Log = played
        """What is played now: the call, or the one in which the caller is called back."""
        self._acts = list(played.scene.acts)

    def run(self) -> None:
        """From the call to the last channel."""
        caller, stage, phones = self._played.caller, self._stage, self._played.scene.phones
        stage.lead(caller, self._phones.port)
        for number in TONES:
            self._expect(number, phones.get(number, Phone()), TONES[number], caller)
        self._expect(caller, phones.get(CUSTOMER, Phone()), self._played.tone, NOBODY)
        for number in (*TONES, caller):
            self._phones.wait_for(5, event="expecting", called=number)
        self._people.tell(
            do="call",
            caller=caller,
            to=f"sip:{SERVICE}@127.0.0.1:{stage.switch.sip_port}",
            tone=self._played.tone,
            record=str(stage.folder / f"{caller}.wav"),
        )
        self._play_until(self._hung_up)
        if not self._hung_up():
            self._people.leave()
        if self._service and (back := self._played.scene.back):
            self._call_back(self._service, back)
        ended = time.time()
        until(GRACE, lambda: not stage.switch.channels(caller))
        self._played.left = stage.switch.channels(caller)
        self._played.cleared = time.time() - ended
        if self._service and self._log.lines:
            stage.news.wait(self._over, GRACE)
            self._look()
        if self._played.scene.told:
            self._played.told = stage.channel.told(caller, self._played.scene.told)
        self._played.faults += [f"did not {act.do} in {act.state}" for act in self._acts]

    def _play_until(self, over: Callable[[], bool]) -> None:
        end = time.time() + LIMIT
        while not over() and time.time() < end:
            self._act()
            self._stage.news.wait(lambda: self._due() or over(), 0.02)
        if not over():
            self._played.faults.append(f"not over after {LIMIT:g} s")

    def _hung_up(self) -> bool:
        return bool(self._people.all(event="ended"))

    def _expect(self, number: str, phone: Phone, tone: int, shown: str) -> None:
        """Tell the phones what to do when somebody who *shown* says calls *number*."""
        for visit in (1, 2):
            self._phones.tell(
                do="expect",
                caller=shown,
                called=number,
                ring=phone.ring,
                then=phone.then,
                tone=tone,
                record=str(self._stage.folder / f"{shown}-{number}-{visit}.wav"),
            )

    def _call_back(self, service: Service, back: Back) -> None:
        self._stage.news.wait(self._over, GRACE)
        self._log, self._acts = self._played.back, [*self._acts, *back.acts]
        rung = len(self._phones.all(event="incoming"))
        self._press(service, "call_back", ANNA, BORIS)
        # The phones of the office ring a moment later.
        self._stage.news.wait(lambda: len(self._phones.all(event="incoming")) > rung, GRACE)
        self._play_until(self._all_free)

    def _all_free(self) -> bool:
        """Whoever was rung is not on the phone any more."""
        rung, ended = self._phones.all(event="incoming"), self._phones.all(event="ended")
        return {line["leg"] for line in rung} <= {line["leg"] for line in ended}

    def _look(self) -> None:
        if self._service:
            lines = self._service.of_call(self._played.caller)
            if self._log is self._played or lines[0]["call"] != self._played.call_id:
                self._log.lines = lines

    def _over(self) -> bool:
        self._look()
        return self._log.entered("ended") is not None

    def _when(self, act: Act) -> float | None:
        if act.state in ("incoming", "answered"):
            agent, leg = self._agent_and_leg(act)
            entered = next((float(line["at"]) for line in agent.all(event=act.state, leg=leg)), None)
        else:
            entered = self._log.entered(act.state, act.visit)
        return None if entered is None else entered + act.after

    def _due(self) -> bool:
        self._look()
        return any((when := self._when(act)) is not None and when <= time.time() for act in self._acts)

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
                gone = {line["leg"] for line in self._phones.all(event="ended")}
                rung = [line["leg"] for line in self._phones.all(event="incoming")]
                self._phones.tell(do="answer", legs=[leg for leg in rung if leg not in gone])
            case "button" if self._service:
                self._press(self._service, act.what, ANNA)
            case "page button" if self._service:
                press_on_page(self._service, self._played.call_id, act.what)
            case "kill" if self._service:
                self._service.stop(signal.SIGKILL)

    def _press(self, service: Service, button: str, *people: str) -> None:
        (started,) = service.all(event="web server")
        self._stage.channel.press(started["port"], self._played.caller, button, *people)

    def _agent_and_leg(self, act: Act) -> tuple[UserAgent, str]:
        caller = self._played.caller
        if not act.who:
            return self._people, f"{caller} {SERVICE} 1"
        if act.who == CUSTOMER:
            return self._phones, f"{NOBODY} {caller} 1"
        rung = self._phones.all(event="incoming", called=act.who)
        return self._phones, f"{caller} {act.who} {max(1, len(rung))}"


def press_on_page(service: Service, call: str, button: str) -> None:
    """Press a button on a call's page, as a program does that has the token."""
    (started,) = service.all(event="web server")
    request = urllib.request.Request(
        f"http://127.0.0.1:{started['port']}/calls/{call}/{button}",
        method="POST",
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    with urllib.request.urlopen(request, timeout=10) as page:
        assert page.url.endswith("?done=taken")


def _tones() -> Iterator[int]:
    while True:
        yield from CALLERS_TONES

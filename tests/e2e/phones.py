"""One SIP user agent in a process of its own, without a sound card: a caller, or the phones behind the trunk.

    python phones.py --rtp 30000

It takes a free SIP port and tells it. It is steered by one JSON object a line on its input, and tells one
a line on its output:

    {"do": "expect", "caller": "7916…", "called": "7495…", "ring": 2, "then": "answer" | 486 | null,
     "tone": 600, "record": "x.wav"}
    {"do": "call", "caller": "7916…", "to": "sip:7800…@127.0.0.1:5080", "tone": 1000, "record": "y.wav"}
    {"do": "press", "leg": "…", "digits": "1"}    {"do": "refer", "leg": "…", "to": "sip:…"}
    {"do": "answer", "legs": ["…", "…"]}          {"do": "hangup", "leg": "…"}
    {"at": 1732300000.123, "leg": "7916… 7495… 1", "event": "incoming" | "answered" | "sound" | "ended" | …}

A leg is named after who calls, who is called, and how often it was so: scripts are by caller too, so that
many calls can ring the same phone at once. All pjsua2 objects live in the main thread (``mainThreadOnly``),
and none may outlive ``libDestroy``.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import sys
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any

import pjsua2 as pj

NUMBER = re.compile(r"sips?:\+?([^@>;]*)@")
LOUD = 8000
G711 = {"PCMA": 255, "PCMU": 254}
MOST_CALLS = 4
"""PJSUA_MAX_CALLS of the library as it is built: more are refused."""


def tell(leg: str, event: str, **more: Any) -> None:
    """Say what happened, and when."""
    print(json.dumps({"at": time.time(), "leg": leg, "event": event, **more}), flush=True)


class Leg(pj.Call):
    """One call of this user agent: it plays its tone and records what it hears as long as there is media."""

    def __init__(self, account: Account, name: str, script: dict[str, Any], call_id: int = -1) -> None:
        super().__init__(account, call_id)
        self.name = name
        self.script = script
        self.due: list[tuple[float, Callable[[], None]]] = []
        self.ended = False
        self._tone: pj.ToneGenerator | None = None
        self._recorder: pj.AudioMediaRecorder | None = None

    def ring(self) -> None:
        """Ring, and do later what the script says."""
        self.reply(180)
        match self.script.get("then"):
            case "answer":
                self._later(self.script["ring"], lambda: self.reply(200))
            case int(code):
                self._later(self.script["ring"], lambda: self.reply(code))

    def run(self) -> None:
        """Do what is due."""
        now = time.monotonic()
        for item in [item for item in self.due if item[0] <= now]:
            self.due.remove(item)
            item[1]()

    def reply(self, code: int) -> None:
        """Answer the INVITE."""
        how = pj.CallOpParam(True)
        how.statusCode = code
        self.answer(how)

    def press(self, digits: str) -> None:
        """Send RFC 4733 digits."""
        self.dialDtmf(digits)
        tell(self.name, "pressed", digits=digits)

    def refer(self, to: str) -> None:
        """Transfer the other side, blind."""
        self.xfer(to, pj.CallOpParam(True))
        tell(self.name, "refers", to=to)

    def bye(self) -> None:
        """Hang up, cancel or decline, whichever it is now."""
        self.hangup(pj.CallOpParam())

    def onCallState(self, prm: pj.OnCallStateParam) -> None:  # noqa: N802 - pjsua2's name
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_EARLY and info.role == pj.PJSIP_ROLE_UAC:
            tell(self.name, "ringing", code=int(info.lastStatusCode))
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            tell(self.name, "answered")
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.ended = True
            self.due.clear()
            self._tone = self._recorder = None  # closes the recording
            tell(self.name, "ended", code=int(info.lastStatusCode), reason=info.lastReason)

    def onCallMediaState(self, prm: pj.OnCallMediaStateParam) -> None:  # noqa: N802 - pjsua2's name
        info = self.getInfo()  # must stay referenced: its media point into it
        for media in info.media:
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                self._sound(self.getAudioMedia(media.index))

    def _sound(self, line: pj.AudioMedia) -> None:
        if self._recorder is None:
            self._recorder = pj.AudioMediaRecorder()
            self._recorder.createRecorder(self.script["record"])
            tell(self.name, "sound")
        line.startTransmit(self._recorder)
        if self._tone is None:
            self._tone = pj.ToneGenerator()
            self._tone.createToneGenerator(8000, 1)
            sine = pj.ToneDesc()
            sine.freq1, sine.freq2, sine.on_msec, sine.off_msec = self.script["tone"], 0, 1000, 0
            sine.volume = LOUD
            melody = pj.ToneDescVector()
            melody.append(sine)
            self._tone.play(melody, True)
        self._tone.startTransmit(line)

    def onDtmfDigit(self, prm: pj.OnDtmfDigitParam) -> None:  # noqa: N802 - pjsua2's name
        tell(self.name, "digit", digit=prm.digit)

    def onCallTransferStatus(self, prm: pj.OnCallTransferStatusParam) -> None:  # noqa: N802 - pjsua2's name
        tell(self.name, "refer status", code=int(prm.statusCode))

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        self.due.append((time.monotonic() + seconds, action))


class Account(pj.Account):
    """Where calls to this user agent come in."""

    def __init__(self, agent: Agent) -> None:
        super().__init__()
        self._agent = agent

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:  # noqa: N802 - pjsua2's name
        self._agent.incoming(prm.callId, prm.rdata.wholeMsg)


class Agent:
    """The user agent: its legs, and what is expected of them."""

    def __init__(self, rtp: int) -> None:
        self._legs: dict[str, Leg] = {}
        self._expected: dict[tuple[str, str], deque[dict[str, Any]]] = defaultdict(deque)
        self._counted: Counter[tuple[str, str]] = Counter()
        self._endpoint = pj.Endpoint()
        self._account: Account | None = None
        self._start(rtp)

    def _start(self, rtp: int) -> None:
        endpoint = self._endpoint
        endpoint.libCreate()
        config = pj.EpConfig()
        config.logConfig.level = config.logConfig.consoleLevel = 0
        config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
        config.uaConfig.maxCalls = MOST_CALLS
        config.medConfig.clockRate = config.medConfig.sndClockRate = 8000
        config.medConfig.channelCount = 1
        config.medConfig.noVad, config.medConfig.ecTailLen = True, 0
        endpoint.libInit(config)
        transport = pj.TransportConfig()
        transport.boundAddress = transport.publicAddress = "127.0.0.1"
        transport_id = endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        self.port = int(endpoint.transportGetInfo(transport_id).localName.rpartition(":")[2])
        endpoint.libStart()
        endpoint.audDevManager().setNullDev()
        for codec in endpoint.codecEnum2():
            endpoint.codecSetPriority(codec.codecId, G711.get(codec.codecId.partition("/")[0], 0))
        account = pj.AccountConfig()
        account.idUri = f"sip:phones@127.0.0.1:{self.port}"
        account.callConfig.timerUse = pj.PJSUA_SIP_TIMER_INACTIVE
        media = account.mediaConfig
        media.transportConfig.port, media.transportConfig.portRange = rtp, 1000
        media.transportConfig.boundAddress = media.transportConfig.publicAddress = "127.0.0.1"
        media.lockCodecEnabled = False
        self._account = Account(self)
        self._account.create(account)

    def incoming(self, call_id: int, invite: str) -> None:
        """Ring, as expected of who is called by whom; who is not expected rings for ever."""
        called = _number(invite.split("\r\n", 1)[0])
        sender = re.search(r"^(?:From|f)\s*:(.*)$", invite, re.MULTILINE | re.IGNORECASE)
        caller = _number(sender.group(1) if sender else "")
        waiting = self._expected[caller, called]
        script = waiting.popleft() if waiting else {}
        leg = self._leg(caller, called, script, call_id)
        tell(leg.name, "incoming", caller=caller, called=called)
        leg.ring()

    def do(self, command: dict[str, Any]) -> None:
        """Follow one command."""
        match command:
            case {"do": "expect", "caller": caller, "called": called}:
                self._expected[caller, called].append(command)
                tell("", "expecting", caller=caller, called=called)
            case {"do": "call", "caller": caller, "to": to}:
                self._call(self._leg(caller, _number(to), command), caller, to)
            case {"do": "answer", "legs": names}:
                for name in names:
                    self._live(name).reply(200)
            case {"do": "press", "leg": name, "digits": digits}:
                self._live(name).press(digits)
            case {"do": "refer", "leg": name, "to": to}:
                self._live(name).refer(to)
            case {"do": "hangup", "leg": name}:
                self._live(name).bye()
            case _:
                raise ValueError(f"no such command: {command}")

    def turn(self) -> None:
        """Handle what SIP brings within 20 ms, and do what is due."""
        self._endpoint.libHandleEvents(20)
        for name, leg in list(self._legs.items()):
            if leg.ended:
                del self._legs[name]  # never inside its own callback
            else:
                leg.run()

    def close(self) -> None:
        """Hang up everywhere and let go of the library."""
        self._endpoint.hangupAllCalls()
        until = time.monotonic() + 1
        while self._legs and time.monotonic() < until:
            self.turn()
        self._legs.clear()
        assert self._account is not None
        self._account.shutdown()
        self._account = None
        gc.collect()
        self._endpoint.libDestroy()

    def _leg(self, caller: str, called: str, script: dict[str, Any], call_id: int = -1) -> Leg:
        self._counted[caller, called] += 1
        name = f"{caller} {called} {self._counted[caller, called]}"
        assert self._account is not None
        leg = self._legs[name] = Leg(self._account, name, script, call_id)
        return leg

    def _live(self, name: str) -> Leg:
        leg = self._legs[name]
        if not leg.isActive():  # the library aborts the process otherwise
            raise KeyError(f"{name} has ended")
        return leg

    def _call(self, leg: Leg, caller: str, to: str) -> None:
        how = pj.CallOpParam(True)
        how.txOption.localUri = f"sip:{caller}@127.0.0.1:{self.port}"
        tell(leg.name, "calls", to=to)
        try:
            leg.makeCall(to, how)
        except pj.Error:
            leg.ended = True
            raise


def _number(text: str) -> str:
    found = NUMBER.search(text)
    return found.group(1) if found else ""


def main() -> None:
    """Be a user agent until the input ends."""
    options = argparse.ArgumentParser()
    options.add_argument("--rtp", type=int, required=True)
    given = options.parse_args()
    agent = Agent(given.rtp)
    tell("", "ready", port=agent.port)
    for command in commands(agent.turn):
        try:
            agent.do(command)
        except (pj.Error, KeyError) as error:
            # A leg that has ended in the meantime is the scene's business.
            tell(
                "",
                "refused",
                command=command,
                why=error.info() if isinstance(error, pj.Error) else str(error),
            )
    agent.close()


def commands(between: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """Yield what comes on the input until it ends; call *between* all the time.

    Without a thread: it would wait for the interpreter lock, which the library holds most of the time.
    """
    os.set_blocking(sys.stdin.fileno(), False)
    rest = b""
    while True:
        between()
        try:
            read = os.read(sys.stdin.fileno(), 65536)
        except BlockingIOError:
            continue
        if not read:
            return
        *lines, rest = (rest + read).split(b"\n")
        yield from map(json.loads, lines)


if __name__ == "__main__":
    main()

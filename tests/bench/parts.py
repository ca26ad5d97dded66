"""What the service does between a digit and ``uuid_break``, and how long each part takes.

Nothing is timed before that is asked for: the clocks cost something themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from time import perf_counter
from typing import Any

from ivr_fsm.call import session
from ivr_fsm.esl.switch import FreeSwitch
from ivr_fsm.esl.translate import Translator
from ivr_fsm.esl.wire import Frame, FrameReader
from ivr_fsm.flow.events import DigitPressed
from ivr_fsm.flow.step import Step

PARSE = "the frame read and parsed"
TRANSLATE = "translated into an event of the flow"
STEP = "the statechart's step"
SEND = "uuid_break written to the socket"
JOURNAL = "waiting for the journal"
BETWEEN = "the session between these"

Parts = dict[str, list[float]]


def install() -> Parts:
    """Time the parts of every digit from now on; the seconds of each are added to the lists returned."""
    found: Parts = {part: [] for part in (PARSE, TRANSLATE, STEP, JOURNAL, SEND, BETWEEN)}
    now: dict[str, float] = {}
    arrived = written = 0.0

    def timed(owner: Any, name: str, part: str, counts: Callable[[tuple[Any, ...]], bool]) -> None:
        function = getattr(owner, name)

        @wraps(function)
        def clocked(*args: Any, **kwargs: Any) -> Any:
            began = perf_counter()
            result = function(*args, **kwargs)
            ended = perf_counter()
            if counts(args):
                now[part] = ended - began
                if part == SEND:
                    now[BETWEEN] = ended - arrived - sum(now.values())
                    for each, seconds in now.items():
                        found[each].append(seconds)
            return result

        setattr(owner, name, clocked)

    def frames(self: FrameReader) -> Iterator[Frame]:
        nonlocal arrived
        reading = take(self)
        while True:
            began = perf_counter()
            frame = next(reading, None)
            ended = perf_counter()
            if frame is None:
                return
            if frame.event is not None and frame.event.name == "DTMF":
                arrived = began
                now.clear()
                now[PARSE] = ended - began
            yield frame

    def write(self: session.Session, taken: Step) -> None:
        nonlocal written
        if isinstance(taken.event, DigitPressed):
            written = perf_counter()
        hand_over(self, taken)

    def leave(self: session.Session) -> None:
        if JOURNAL not in now:
            now[JOURNAL] = perf_counter() - written
        go_on(self)

    hand_over, session.Session._write = session.Session._write, write  # type: ignore[method-assign]
    go_on, session.Session._leave = session.Session._leave, leave  # type: ignore[method-assign]
    take, FrameReader._frames = FrameReader._frames, frames  # type: ignore[method-assign]
    timed(Translator, "translate", TRANSLATE, lambda args: args[1].name == "DTMF")
    timed(session, "step", STEP, lambda args: isinstance(args[1], DigitPressed))
    timed(FreeSwitch, "stop_prompt", SEND, lambda _: True)
    return found

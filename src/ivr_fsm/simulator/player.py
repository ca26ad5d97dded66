"""What runs on a channel: its queue of applications, and the prompt that plays."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivr_fsm.simulator import apps, audio
from ivr_fsm.simulator.execute import Execute
from ivr_fsm.simulator.observed import Heard
from ivr_fsm.simulator.script import Moment
from ivr_fsm.simulator.timing import Timer

if TYPE_CHECKING:
    from ivr_fsm.simulator.channel import Channel

PLAYED = "FILE PLAYED"
CUT_OFF = "PLAYBACK ERROR"
"""How a prompt ends when the channel is bridged or hung up from outside."""


@dataclass(frozen=True)
class Playing:
    """A prompt that plays since *start* by the application *app*; *timer* ends it."""

    app: Execute
    start: float
    timer: Timer


class Player:
    """Runs applications one after another; a prompt holds up all that follows it but ``hangup``."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._switch = channel.switch
        self._queue: deque[Execute] = deque()
        self._wakeup: Timer | None = None
        self._playing: Playing | None = None
        self._breaking = False

    @property
    def idle(self) -> bool:
        """Whether nothing plays and nothing is queued."""
        return self._playing is None and not self._queue

    def execute(self, app: Execute) -> None:
        """Queue *app*; it starts with the next audio frame, or when what plays has ended.

        A prompt without ``event-lock`` while another plays is refused: a real switch runs it inside the other
        one, which then goes on. After a break it is in order (trace ``menu-shop-answers-…``).
        """
        waits = self._playing and not self._breaking
        if (
            app.name == "playback"
            and not app.locked
            and (waits or any(a.name == "playback" for a in self._queue))
        ):
            self._switch.refuse(f"playback {app.argument} inside another one")
            return
        self._queue.append(app)
        self._wake()

    def _next_may_run(self) -> bool:
        # Seen in every trace: hangup cuts a prompt off, while a second prompt waits for the first.
        return bool(self._queue) and (self._playing is None or self._queue[0].name == "hangup")

    def _wake(self) -> None:
        if self._wakeup is None and self._next_may_run() and self._channel.alive:
            self._wakeup = self._switch.later(self._switch.latency.step, self._run)

    def _run(self) -> None:
        self._wakeup = None
        while self._next_may_run():
            self._channel.response = ""
            apps.run(self._channel, self._queue.popleft())
        self._channel.leave_lost_socket()

    def play(self, app: Execute) -> None:
        """Play the file that *app* names; of a missing one only the completion of *app* tells."""
        length = audio.duration(app.argument)
        if length is None:
            self._channel.response = "FILE NOT FOUND"
            self._channel.complete(app)
            return
        timer = self._switch.later(length, self.stop, PLAYED, True)
        self._playing = Playing(app, self._switch.clock.now(), timer)
        self._channel.leg.hearing = app.argument
        self._channel.emit("PLAYBACK_START", {"Playback-File-Path": app.argument})
        self._channel.person.reached(Moment.HEARD, app.argument)

    def stop(self, response: str = PLAYED, whole: bool = False, status: str = "done") -> None:
        """End the prompt, if one plays.

        Args:
            response: its ``Application-Response``.
            whole: it came to its own end.
            status: its ``Playback-Status``, ``break`` when it was broken off.
        """
        playing, self._playing, self._breaking = self._playing, None, False
        if playing is None:
            return
        playing.timer.cancel()
        channel, path = self._channel, playing.app.argument
        channel.person.forget(Moment.HEARD)
        channel.leg.hearing = None
        channel.leg.heard.append(Heard(path, playing.start, self._switch.clock.now(), whole))
        channel.emit("PLAYBACK_STOP", {"Playback-File-Path": path, "Playback-Status": status})
        channel.response = response
        channel.complete(playing.app)
        self._wake()
        channel.leave_lost_socket()

    def interrupt(self, *, flush: bool) -> None:
        """End the prompt a moment later (``uuid_break``); with *flush* forget what is queued by now."""
        if flush:
            self.flush()
        if self._playing:
            self._breaking = True
            self._switch.later(self._switch.latency.breaking, self._interrupt, self._playing)

    def _interrupt(self, playing: Playing) -> None:
        if self._playing is playing:
            self.stop(status="break")

    def flush(self) -> None:
        """Forget what is queued."""
        self._queue.clear()
        if self._wakeup:
            self._wakeup.cancel()
            self._wakeup = None

"""The recording of a channel (``uuid_record``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr_fsm.simulator import audio

if TYPE_CHECKING:
    from ivr_fsm.simulator.channel import Channel


class Recorder:
    """At most one recording at a time, stereo when the variable ``RECORD_STEREO`` is ``true``."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._path = ""
        self._start = 0.0

    def start(self, path: str) -> None:
        """Record into *path* from now on; nothing, when the channel is gone or that is done already."""
        if not self._channel.alive or path == self._path:
            return
        self.stop()
        self._path, self._start = path, self._channel.switch.clock.now()
        # A switch that dies leaves the header of 44 bytes with which it began.
        audio.write_recording(path, 0, channels=2)
        self._channel.emit("RECORD_START", {"Record-File-Path": path})

    def stop(self, path: str = "") -> bool:
        """Close the recording (only one into *path*, when given), and return whether there was one."""
        if not self._path or path not in {"", self._path}:
            return False
        path, self._path = self._path, ""
        channel = self._channel
        length = channel.switch.clock.now() - self._start
        stereo = channel.variables.get("RECORD_STEREO") == "true"
        audio.write_recording(path, length, channels=2 if stereo else 1)
        channel.set_variable("record_seconds", str(int(length)))
        channel.set_variable("record_ms", str(int(length * 1000)))
        channel.emit("RECORD_STOP", {"Record-File-Path": path, "Record-Completion-Cause": "success-silence"})
        return True

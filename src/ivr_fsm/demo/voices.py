"""Gives the demo's recordings something to hear: the simulated switch leaves silence of the right length."""

from __future__ import annotations

import wave
from array import array
from itertools import cycle
from pathlib import Path

PAUSE = 0.4
"""Seconds between two turns."""

_CALLEE, _CALLER = ("FW8", "FW6", "FW10", "FW11"), ("FW7", "FW4", "RECORDED", "FW5")
"""Prompts in the place of what people would say."""


def converse(recording: Path, prompts: Path) -> None:
    """Let caller and callee speak by turns in a stereo *recording*, each on a channel.

    Args:
        recording: a WAV file of 16-bit samples.
        prompts: the folder of the recordings of one language; their sampling rate is that of the recording.

    Raises:
        OSError, wave.Error: a file cannot be read, or is none.
    """
    with wave.open(str(recording), "rb") as file:
        head, length, channels = file.getparams(), file.getnframes(), file.getnchannels()
    if channels != 2:
        return
    sound = array("h", bytes(4 * length))
    at, pause = 0, int(PAUSE * head.framerate)
    for turn, code in enumerate(cycle(code for pair in zip(_CALLEE, _CALLER, strict=True) for code in pair)):
        said = _samples(prompts / f"{code}.wav")[: max(length - at, 0)]
        channel = 1 - turn % 2
        sound[2 * at + channel : 2 * (at + len(said)) + channel : 2] = said
        at += len(said) + pause
        if at >= length:
            break
    with wave.open(str(recording), "wb") as file:
        file.setparams(head)
        file.writeframes(sound.tobytes())


def _samples(file: Path) -> array[int]:
    with wave.open(str(file), "rb") as opened:
        return array("h", opened.readframes(opened.getnframes()))

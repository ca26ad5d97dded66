"""How loud a recording is, column by column of a picture."""

from __future__ import annotations

import sys
import wave
from array import array
from collections.abc import Sequence
from pathlib import Path

LOOKED_AT = 400
"""So many samples of a column are looked at: an hour of sound takes no longer than a minute of it."""

Loudness = list[tuple[float, ...]]
"""For each channel how loud each column is, from 0 to 1."""


def loudness(file: Path, columns: Sequence[tuple[float, float]]) -> Loudness:
    """Return how loud *columns* (from second, to second of the recording) are.

    Args:
        file: a WAV file of 16-bit samples.
        columns: stretches of it; what lies outside of the recording is silent.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no such file.
    """
    try:
        with wave.open(str(file), "rb") as opened:
            if opened.getsampwidth() != 2:
                raise ValueError(f"{8 * opened.getsampwidth()} bits a sample, not 16")
            channels, rate = opened.getnchannels(), opened.getframerate()
            found: list[list[float]] = [[] for _ in range(channels)]
            for begin, end in columns:
                samples = _samples(opened, int(begin * rate), int(end * rate))
                frames = len(samples) // channels
                step = max(1, frames // LOOKED_AT)
                for channel, loud in enumerate(found):
                    heard = samples[channel :: channels * step]
                    loud.append(max(map(abs, heard), default=0) / 32768)
    except (wave.Error, EOFError, RuntimeError) as error:  # RuntimeError: a part of it is longer than it
        raise ValueError(f"no WAV file: {error}") from None
    return [tuple(loud) for loud in found]


def _samples(opened: wave.Wave_read, begin: int, end: int) -> array[int]:
    samples = array("h")
    last = opened.getnframes()
    begin, end = max(0, begin), min(max(end, begin + 1), last)
    if begin < end:
        opened.setpos(begin)
        read = opened.readframes(end - begin)
        samples.frombytes(read[: len(read) // 2 * 2])
        if sys.byteorder == "big":
            samples.byteswap()
    return samples

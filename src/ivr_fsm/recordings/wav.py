"""What a WAV file says of itself, and how much of it there is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from struct import Struct
from typing import Any, BinaryIO

_BEGIN = Struct("<4sI4s")
_CHUNK = Struct("<4sI")
_FORMAT = Struct("<HHIIHH")
_LONGEST_CHUNK = 100_000
_PCM = 1


class NoWav(ValueError):
    """It is no WAV file, or none of plain samples; the message says why."""


@dataclass(frozen=True, slots=True)
class Wav:
    """A WAV file.

    Attributes:
        channels: how many there are.
        rate: frames a second.
        declared: how many frames its header tells of. FreeSWITCH writes that when it closes the file.
        frames: how many there really are.
    """

    channels: int
    rate: int
    declared: int
    frames: int

    @property
    def seconds(self) -> float:
        """How long it really is."""
        return self.frames / self.rate


def read_wav(stream: BinaryIO) -> Wav:
    """Read the header of a WAV file, from its beginning.

    Raises:
        NoWav: it is none.
        OSError: it cannot be read.
    """
    riff, _, wave = _take(stream, _BEGIN)
    if (riff, wave) != (b"RIFF", b"WAVE"):
        raise NoWav("it does not begin like one")
    channels = rate = size = 0
    while True:
        name, length = _take(stream, _CHUNK)
        if name == b"data":
            break
        skipped = length + length % 2
        if name == b"fmt ":
            coding, channels, rate, _, size, _ = _take(stream, _FORMAT)
            skipped -= _FORMAT.size
            if coding != _PCM:
                raise NoWav(f"its samples are of kind {coding}")
        if not 0 <= skipped < _LONGEST_CHUNK:
            raise NoWav(f"it has a chunk of {length} bytes before its sound")
        stream.seek(skipped, os.SEEK_CUR)
    if not (channels and rate and size):
        raise NoWav("it does not say what its sound is")
    begin = stream.tell()
    return Wav(channels, rate, length // size, (stream.seek(0, os.SEEK_END) - begin) // size)


def _take(stream: BinaryIO, layout: Struct) -> tuple[Any, ...]:
    read = stream.read(layout.size)
    if len(read) < layout.size:
        raise NoWav("it ends too early")
    return layout.unpack(read)

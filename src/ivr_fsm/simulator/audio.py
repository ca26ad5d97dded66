"""Sound files: how long a prompt plays, and the recordings that the switch leaves behind."""

from __future__ import annotations

import re
import wave
from functools import lru_cache
from pathlib import Path

RATE = 8000
"""Samples per second of a recording (G.711)."""

_TONE = re.compile(r"tone_stream://%\((\d+),(\d+),[\d,]+\);loops=(\d+)")


def duration(path: str) -> float | None:
    """Return how long *path* plays, in seconds, or None when there is no such WAV file.

    As with mod_tone_stream, ``silence_stream://1500`` plays for 1.5 s, and
    ``tone_stream://%(1000,4000,425);loops=2`` for twice 5 s.
    """
    if tone := _TONE.fullmatch(path):
        on, off, loops = map(int, tone.groups())
        return (on + off) * loops / 1000
    scheme, _, milliseconds = path.partition("silence_stream://")
    if not scheme and milliseconds.isdigit():
        return int(milliseconds) / 1000
    try:
        stat = Path(path).stat()
    except (OSError, ValueError):
        return None
    return _wav_duration(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4096)
def _wav_duration(path: str, modified: int, size: int) -> float | None:  # noqa: ARG001 - both are the cache's key
    try:
        with wave.open(path, "rb") as file:
            return file.getnframes() / file.getframerate()
    except (wave.Error, EOFError, OSError):
        return None


def write_recording(path: str, length: float, channels: int) -> None:
    """Write *length* seconds of 16-bit silence to *path*, if its folder exists.

    The silence is a hole in the file, so that thousands of recordings cost next to nothing.
    """
    target = Path(path)
    if not target.parent.is_dir():
        return
    size = int(length * RATE) * 2 * channels
    with wave.open(path, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.setnframes(size // (2 * channels))
        file.writeframes(b"")
    with target.open("r+b") as raw:
        head = target.stat().st_size
        raw.seek(4)
        raw.write((head - 8 + size).to_bytes(4, "little"))
        raw.seek(head - 4)
        raw.write(size.to_bytes(4, "little"))
        raw.truncate(head + size)

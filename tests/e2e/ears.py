"""Ears: which prompts and which tones are in a recording, and when. Times are seconds from its start.

A prompt is always played from its beginning, so it is looked for by its first moments (normalised
cross-correlation, which G.711 hardly disturbs) and then followed, block by block, to where it stops.
"""

from __future__ import annotations

import wave
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float64]

RATE = 8000
COARSE = 4
"""Prompts are looked for at RATE / COARSE, which is enough to find where one may begin."""
BLOCK, SLICE = RATE // 10, RATE // 50
"""A prompt is followed in blocks of 100 ms; where it stops is found in slices of 20 ms, a packet each."""
PROBE, PROBES = 4 * BLOCK, (0, 6 * BLOCK, 12 * BLOCK)
"""What a prompt is found by: 400 ms at its beginning, or a little later if packets were lost there."""
SLIP, STALL = 3 * SLICE, 5 * BLOCK
"""How far a jitter buffer may move the sound between two blocks, and how far when packets were late."""
LOST = 5
"""Blocks in a row that may be spoilt by that before a prompt counts as over."""
FEWEST = 3
"""Blocks that must be heard of a prompt."""
ALIKE, SAME = 0.7, 0.95
"""Correlation from which sound may be a prompt, and from which a block of it certainly is."""
QUIET = 60.0
"""RMS below which 16-bit sound counts as silence."""
SHORTEST_TONE = 0.2


@dataclass(frozen=True)
class Heard:
    """A prompt that was played from *start* to *end*; *whole*: to its last sound."""

    code: str
    start: float
    end: float
    whole: bool

    def __str__(self) -> str:
        return self.code if self.whole else f"{self.code}…"


@dataclass(frozen=True)
class Tone:
    """A pure tone that sounded from *start* to *end*."""

    hertz: int
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it sounded."""
        return self.end - self.start


def read(file: Path, channel: int = 0) -> Sound:
    """Return the samples of one channel of a WAV file, 8 kHz, 16 bit.

    Raises:
        ValueError: it is another kind of WAV.
    """
    with wave.open(str(file)) as recording:
        kind = recording.getframerate(), recording.getsampwidth()
        if kind != (RATE, 2):
            raise ValueError(f"{file}: {kind} is not 8 kHz, 16 bit")
        samples = np.frombuffer(recording.readframes(recording.getnframes()), "<i2")
        return samples[channel :: recording.getnchannels()].astype(np.float64)


def prompts(sound: Sound, known: Mapping[str, Sound]) -> list[Heard]:
    """Return the prompts of *known* (by code) that are in *sound*, in the order in which they start.

    Where two prompts begin alike, the one that explains more is taken; equals go by their code.
    """
    search = _Search(sound)
    candidates = [
        candidate
        for code, prompt in sorted(known.items())
        for candidate in _candidates(search, sound, code, prompt)
    ]
    taken: list[Heard] = []
    for _, candidate in sorted(candidates, key=lambda found: -found[0]):
        heard = _before(candidate, taken)
        if all(heard.end <= other.start or heard.start >= other.end for other in taken):
            taken.append(heard)
    return sorted(taken, key=lambda heard: heard.start)


def _before(heard: Heard, others: Iterable[Heard]) -> Heard:
    """Return *heard*, which may have been followed a little into what came after it, without that."""
    then = min(
        (other.start for other in others if heard.start + PROBE / RATE < other.start), default=heard.end
    )
    return heard if then >= heard.end else replace(heard, end=then, whole=False)


def tones(sound: Sound, frequencies: Iterable[int]) -> list[Tone]:
    """Return where each of *frequencies* (Hz) sounds alone, in the order in which they start."""
    frames = sound[: len(sound) // BLOCK * BLOCK].reshape(-1, BLOCK)
    energy = (frames**2).sum(axis=1)
    found: list[Tone] = []
    for hertz in frequencies:
        # Goertzel's sum, as a projection: the share of a block's energy that lies at this frequency.
        wheel = np.exp(-2j * np.pi * hertz * np.arange(BLOCK) / RATE)
        share = 2 * np.abs(frames @ wheel) ** 2 / (BLOCK * np.maximum(energy, 1))
        sounds = (share > ALIKE) & (energy > BLOCK * QUIET**2)
        found += [
            Tone(hertz, first / 10, last / 10)
            for first, last in _runs(sounds)
            if (last - first) / 10 >= SHORTEST_TONE
        ]
    return sorted(found, key=lambda tone: tone.start)


def silences(sound: Sound, longest: float) -> list[tuple[float, float]]:
    """Return the stretches (start, end) of *sound* in which nothing is heard for more than *longest* s."""
    frames = sound[: len(sound) // BLOCK * BLOCK].reshape(-1, BLOCK)
    quiet = np.sqrt((frames**2).mean(axis=1)) < QUIET
    return [(first / 10, last / 10) for first, last in _runs(quiet) if (last - first) / 10 > longest]


def _candidates(search: _Search, sound: Sound, code: str, prompt: Sound) -> Iterator[tuple[int, Heard]]:
    """Yield what may be *prompt*: how many of its blocks are there, and what was heard."""
    followed: list[int] = []
    for probe in PROBES:
        first = _first_sound(prompt) + probe
        for at in (place - first for place in search.places(prompt[first : first + PROBE])):
            if all(abs(at - earlier) > SLIP for earlier in followed) and (
                found := _followed(code, sound, prompt, at, probe)
            ):
                followed.append(at)
                yield found


class _Search:
    """Finds short pieces in a sound by normalised cross-correlation, at a quarter of the rate."""

    def __init__(self, sound: Sound) -> None:
        self._sound = _coarse(sound)
        self._size = 1 << (len(self._sound) + PROBE // COARSE).bit_length()
        self._spectrum = np.fft.rfft(self._sound, self._size)
        sums = np.concatenate(([0.0], np.cumsum(self._sound**2)))
        length = PROBE // COARSE
        self._energy = np.maximum(sums[length:] - sums[:-length], length * QUIET**2)

    def places(self, piece: Sound) -> list[int]:
        """Return the samples at which *piece*, `PROBE` long, seems to begin."""
        piece = _coarse(piece)
        if len(piece) < PROBE // COARSE or len(self._sound) < len(piece) or _rms(piece) < QUIET / 2:
            return []
        product = np.fft.irfft(self._spectrum * np.conj(np.fft.rfft(piece, self._size)), self._size)
        likeness = product[: len(self._energy)] / np.sqrt(self._energy * (piece @ piece))
        return [
            COARSE * (start + int(np.argmax(likeness[start:end]))) for start, end in _runs(likeness > ALIKE)
        ]


def _coarse(sound: Sound) -> Sound:
    mean: Sound = sound[: len(sound) // COARSE * COARSE].reshape(-1, COARSE).mean(axis=1)
    return mean


def _followed(code: str, sound: Sound, prompt: Sound, at: int, probe: int) -> tuple[int, Heard] | None:
    """Follow *prompt*, which began at sample *at*, to where it stops; count the blocks that were the same."""
    first, last = _first_sound(prompt), _last_sound(prompt)
    slip, end, missed, matched = 0, 0, 0, 0
    blocks = [
        offset
        for offset in range(first + probe, last, BLOCK)
        if _rms(prompt[offset : offset + BLOCK]) >= QUIET
    ]
    for offset, following in zip(blocks, [*blocks[1:], None], strict=True):
        alike, moved = _best(sound, prompt, offset, at + slip, STALL if missed else SLIP)
        # After a gap one block is not enough: short pieces of speech do resemble each other.
        if missed and following is not None:
            alike = min(alike, _best(sound, prompt, following, at + slip + moved, SLICE)[0])
        if alike < SAME:
            missed += 1
            if missed > (LOST if matched else 1):
                break
            continue
        slip, missed, end, matched = slip + moved, 0, min(offset + BLOCK, last), matched + 1
    if matched < FEWEST:
        return None
    whole = end > last - BLOCK  # what is left of a voice in its last moment drowns in the noise of G.711
    if not whole:
        end = _last_slice(sound, prompt, at + slip, end)
    return matched, Heard(code, (at + first) / RATE, (at + slip + end) / RATE, whole)


def _last_slice(sound: Sound, prompt: Sound, at: int, end: int) -> int:
    while end + SLICE <= len(prompt):
        part = prompt[end : end + SLICE]
        if _rms(part) >= QUIET and _likeness(sound[at + end : at + end + SLICE], part) < ALIKE:
            break
        end += SLICE
    return end


def _best(sound: Sound, prompt: Sound, offset: int, at: int, reach: int) -> tuple[float, int]:
    """Return how alike the block of *prompt* at *offset* is to *sound*, and by how many samples it has moved.

    The prompt is thought to have begun at sample *at*, *reach* samples sooner or later.
    """
    block, at = prompt[offset : min(offset + BLOCK, _last_sound(prompt))], at + offset
    low = max(0, at - reach)
    window = sound[low : max(0, at + reach + len(block))]
    if len(window) < len(block):
        return 0.0, 0
    product = np.correlate(window, block, "valid")
    sums = np.concatenate(([0.0], np.cumsum(window**2)))
    norms = np.sqrt(np.maximum(sums[len(block) :] - sums[: -len(block)], 1)) * np.linalg.norm(block)
    peak = int(np.argmax(product / norms))
    return float(product[peak] / norms[peak]), low + peak - at


def _likeness(one: Sound, other: Sound) -> float:
    if len(one) != len(other):
        return 0.0
    return float(one @ other) / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1.0)


def _rms(sound: Sound) -> float:
    return float(np.sqrt((sound**2).mean()))


def _first_sound(sound: Sound) -> int:
    return int(np.argmax(np.abs(sound) > 4 * QUIET))


def _last_sound(sound: Sound) -> int:
    return len(sound) - int(np.argmax(np.abs(sound[::-1]) > 4 * QUIET))


def _runs(wanted: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return (first, one past the last) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], wanted, [False])).astype(np.int8)))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]

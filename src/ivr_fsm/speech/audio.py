"""Telephone audio: any PCM WAV becomes 8 kHz mono 16-bit, trimmed and levelled.

Written with the standard library alone: `audioop` left it with Python 3.13, its resampler never filtered,
and eight seconds of speech take less than half a second here, in a worker thread.
"""

import math
import wave
from array import array
from collections.abc import Iterator, Sequence
from operator import mul
from pathlib import Path

RATE = 8000
"""Sample rate of every recording, Hz: what G.711 carries, so that FreeSWITCH never resamples in a call."""

LEAD = 0.1
"""Silence before the first word, seconds: a media path that opens late must not eat a syllable."""

TAIL = 0.15
"""Silence after the last word, seconds."""

SPEECH_LEVEL = -20.0
"""Level of the spoken parts, dBFS RMS; pauses between words are not counted."""

PEAK_CEILING = -1.0
"""Highest sample allowed, dBFS. A recording with sharp peaks stays below `SPEECH_LEVEL` rather than clip."""

_FRAME = RATE // 100
_SILENCE = -40.0
_CUTOFF = 3800.0
_TRANSITION = 1000.0
_HEADER = 44


class AudioError(ValueError):
    """A sound file that cannot be used; the message says why and what to do."""


def telephone(source: Path, target: Path) -> None:
    """Convert the PCM WAV `source` to a prompt at `target`: 8 kHz mono 16-bit, trimmed, levelled.

    Raises:
        AudioError: `source` is not readable PCM, is below 8 kHz, or holds nothing but silence.
        OSError: a file cannot be read or written.
    """
    samples, rate = _read(source)
    _write(target, _level(_trim(_resample(samples, rate))))


def fault(path: Path) -> str | None:
    """What keeps `path` from being played as a prompt, with the remedy; None when it is good."""
    remedy = "convert it: sox IN -r 8000 -c 1 -b 16 OUT.wav"
    try:
        with wave.open(str(path), "rb") as sound:
            channels, width, rate, frames = sound.getparams()[:4]
        size = path.stat().st_size
    except FileNotFoundError:
        return "the file is missing"
    except (wave.Error, EOFError, OSError) as error:
        return f"not a readable PCM WAV ({str(error) or 'cut short'}); {remedy}"
    if (channels, width, rate) != (1, 2, RATE):
        return f"{rate} Hz, {channels} channel(s), {width * 8} bit, not 8000 Hz mono 16 bit; {remedy}"
    if frames == 0:
        return "holds no sound; record it again"
    if size < _HEADER + frames * width:
        return "shorter than its header says; copy it again"
    return None


def seconds(path: Path) -> float:
    """Playing time of the WAV at `path`, in seconds.

    Raises:
        AudioError: not a readable PCM WAV.
        OSError: no such file, or not readable.
    """
    try:
        with wave.open(str(path), "rb") as sound:
            return sound.getnframes() / sound.getframerate()
    except (wave.Error, EOFError) as error:
        raise AudioError(f"{path.name}: {str(error) or 'cut short'}") from error


def loudness(path: Path) -> tuple[float, float]:
    """Speech level and highest sample of the WAV at `path`, both in dBFS."""
    samples, _ = _read(path)
    return _decibels(_speech_rms(samples)), _decibels(max(map(abs, samples), default=0.0))


def _read(path: Path) -> tuple[list[float], int]:
    """Samples between -1 and 1 with the channels mixed down, and the sample rate in Hz."""
    try:
        with wave.open(str(path), "rb") as sound:
            channels, width, rate, frames = sound.getparams()[:4]
            data = sound.readframes(frames)
    except (wave.Error, EOFError) as error:
        raise AudioError(f"{path.name} is not PCM WAV: {str(error) or 'cut short'}") from error
    if rate < RATE:
        raise AudioError(f"{path.name} is sampled at {rate} Hz; the telephone needs at least {RATE}")
    samples = _decode(data, width)
    if channels > 1:
        samples = [sum(frame) / channels for frame in zip(*[iter(samples)] * channels, strict=False)]
    return samples, rate


def _decode(data: bytes, width: int) -> list[float]:
    if width == 1:
        return [(byte - 128) / 128 for byte in data]
    whole = data[: len(data) // width * width]
    if width == 3:
        values: Sequence[int] = [
            int.from_bytes(whole[at : at + 3], "little", signed=True) for at in range(0, len(whole), 3)
        ]
    else:
        values = array("h" if width == 2 else "i", whole)
    scale = 1 / (1 << (8 * width - 1))
    return [value * scale for value in values]


def _resample(samples: Sequence[float], rate: int) -> list[float]:
    """Band-limited resampling to `RATE` by a polyphase windowed sinc (Hamming, -53 dB beyond 4.3 kHz).

    What folds back lands above 3.7 kHz, outside the telephone band of 300-3400 Hz.
    """
    if rate == RATE:
        return list(samples)
    divisor = math.gcd(rate, RATE)
    phases, step = RATE // divisor, rate // divisor
    half = math.ceil(1.65 * rate / _TRANSITION)
    kernels = [_kernel(phase / phases, half, rate) for phase in range(phases)]
    silence = [0.0] * half
    padded = [*silence, *samples, *silence]
    resampled = []
    for at in range(len(samples) * phases // step):
        start, phase = divmod(at * step, phases)
        resampled.append(sum(map(mul, padded[start + 1 : start + 1 + 2 * half], kernels[phase])))
    return resampled


def _kernel(fraction: float, half: int, rate: int) -> list[float]:
    cutoff = 2 * _CUTOFF / rate
    taps = []
    for tap in range(1 - half, half + 1):
        distance = tap - fraction
        angle = math.pi * cutoff * distance
        sinc = math.sin(angle) / angle if angle else 1.0
        taps.append(sinc * (0.54 + 0.46 * math.cos(math.pi * distance / half)))
    total = sum(taps)
    return [tap / total for tap in taps]


def _trim(samples: list[float]) -> list[float]:
    peak = max(map(abs, samples), default=0.0)
    if peak < 1e-4:
        raise AudioError("there is no speech in it, only silence")
    threshold = peak * _ratio(_SILENCE)
    spoken = [at for at, frame in enumerate(_frames(samples)) if max(map(abs, frame)) > threshold]
    first, last = spoken[0] * _FRAME, (spoken[-1] + 1) * _FRAME
    lead, tail = [0.0] * int(LEAD * RATE), [0.0] * int(TAIL * RATE)
    return lead + samples[first:last] + tail


def _level(samples: list[float]) -> list[float]:
    peak = max(map(abs, samples))
    gain = min(_ratio(SPEECH_LEVEL) / _speech_rms(samples), _ratio(PEAK_CEILING) / peak)
    return [sample * gain for sample in samples]


def _speech_rms(samples: Sequence[float]) -> float:
    """RMS of the frames that hold speech: those within 40 dB of the loudest frame."""
    powers = [sum(map(mul, frame, frame)) / len(frame) for frame in _frames(samples)]
    threshold = max(powers, default=0.0) * _ratio(_SILENCE) ** 2
    spoken = [power for power in powers if power > threshold]
    return math.sqrt(sum(spoken) / len(spoken)) if spoken else 0.0


def _frames(samples: Sequence[float]) -> Iterator[Sequence[float]]:
    return (samples[at : at + _FRAME] for at in range(0, len(samples), _FRAME))


def _write(path: Path, samples: Sequence[float]) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(array("h", [round(sample * 32767) for sample in samples]).tobytes())


def _ratio(decibels: float) -> float:
    return float(10 ** (decibels / 20))


def _decibels(ratio: float) -> float:
    return 20 * math.log10(ratio) if ratio else -math.inf

"""eSpeak NG as a program of its own: `python -m ivr_fsm.speech.espeak VOICE FILE RATE < text`.

The library comes with the `espeakng-loader` wheel, or else with the system's `libespeak-ng1`. It runs apart
from the service because it keeps global state, cannot be interrupted, and is C: no fault of it may
reach a call.
"""

import ctypes
import ctypes.util
import importlib
import importlib.util
import sys
import wave
from pathlib import Path
from typing import Any

WORDS_A_MINUTE = 160
"""Speed at rate 1.0: eSpeak's own 175 is hurried on a telephone; at 140 a name and an id take over 9 s."""

_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_UTF8 = 1
_RATE_PARAMETER = 1
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


def library() -> tuple[str, str | None] | None:
    """Where the eSpeak NG library is, and its data folder (None: where it looks by itself); None: nowhere."""
    if importlib.util.find_spec("espeakng_loader"):
        loader: Any = importlib.import_module("espeakng_loader")
        return loader.get_library_path(), loader.get_data_path()
    system = ctypes.util.find_library("espeak-ng")
    return (system, None) if system else None


def speak(text: str, voice: str, target: Path, *, rate: float) -> None:
    """Write `text` to the WAV `target` with an eSpeak `voice` such as "ru+f3"; `rate` 1.0 is normal speed.

    Raises:
        RuntimeError: no library, no data, no such voice, or nothing came out.
    """
    found = library()
    if found is None:
        raise RuntimeError("no eSpeak NG library")
    path, data = found
    espeak = ctypes.CDLL(path)
    hertz = espeak.espeak_Initialize(_SYNCHRONOUS, 0, data and data.encode(), _DONT_EXIT)
    if hertz <= 0:
        raise RuntimeError(f"eSpeak NG found no data in {data or 'its folder'}")
    sound = bytearray()

    def collect(samples: int | None, count: int, _events: int | None) -> int:
        if samples and count:
            sound.extend(ctypes.string_at(samples, 2 * count))
        return 0

    callback = _CALLBACK(collect)
    espeak.espeak_SetSynthCallback(callback)
    if espeak.espeak_SetVoiceByName(voice.encode()):
        raise RuntimeError(f"eSpeak NG has no voice {voice}")
    espeak.espeak_SetParameter(_RATE_PARAMETER, round(WORDS_A_MINUTE * rate), 0)
    encoded = text.encode()
    espeak.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, _UTF8, None, None)
    espeak.espeak_Synchronize()
    if not sound:
        raise RuntimeError("eSpeak NG made no sound")
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(hertz)
        file.writeframes(bytes(sound))


if __name__ == "__main__":
    speak(sys.stdin.read(), sys.argv[1], Path(sys.argv[2]), rate=float(sys.argv[3]))

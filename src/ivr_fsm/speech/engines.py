"""Engines that turn text into a prompt file.

Each is a program: it can be killed, and its faults cannot reach a call.
"""

import asyncio
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, Protocol

import structlog

from ivr_fsm.speech import audio, espeak

log = structlog.get_logger(__name__)

EngineKind = Literal["auto", "rhvoice", "espeak-ng", "command", "none"]

KILLED_AFTER = 20.0
"""Seconds after which a program that has not finished is killed with all that it started."""

REMEDY = (
    "install RHVoice (`apt install rhvoice rhvoice-russian`) or eSpeak NG (`pip install espeakng-loader`), "
    'or set the speech engine to "command" or "none"; see docs/speech.md'
)

_RHVOICE = {"ru": "elena", "en": "slt"}
_ESPEAK = {"ru": "ru+f3", "en": "en-us+f3"}
_PLACEHOLDER = re.compile(r"\{(file|text|rate)\}")


class EngineError(RuntimeError):
    """The engine is absent or failed; the message says what to do."""


class Engine(Protocol):
    """Text to a prompt file."""

    @property
    def name(self) -> str:
        """What tells two engines apart: program and voice. Part of the cache key."""

    async def synthesize(self, text: str, target: Path, *, rate: float) -> None:
        """Write `text` to `target` as 8 kHz mono 16-bit WAV; `rate` 1.0 is normal speed, 0.8 slow.

        Raises:
            EngineError: the program is missing, failed, made no sound, or was killed for its slowness.
        """


class ProgramEngine:
    """An engine that is a program run once for each text, never through a shell."""

    def __init__(
        self,
        name: str,
        arguments: Callable[[str, Path, float], Sequence[str]],
        *,
        text_on_stdin: bool = True,
        killed_after: float = KILLED_AFTER,
    ) -> None:
        """`arguments` makes the argument vector from the text, the file to write, and the rate."""
        self.name = name
        self._arguments = arguments
        self._text_on_stdin = text_on_stdin
        self._killed_after = killed_after

    async def synthesize(self, text: str, target: Path, *, rate: float) -> None:
        """See `Engine.synthesize`. The work is done in a worker thread of the running loop."""
        await asyncio.get_running_loop().run_in_executor(None, self.render, text, target, rate)

    def render(self, text: str, target: Path, rate: float) -> None:
        """Do what `synthesize` does, blocking."""
        # One line and no leading dash: some programs read line by line, and a text is never an option.
        line = " ".join(text.replace("\0", " ").split()).lstrip("- ")
        with tempfile.TemporaryDirectory(prefix="ivr-speech-") as folder:
            spoken = Path(folder, "spoken.wav")
            self._run(line, self._arguments(line, spoken, rate))
            try:
                audio.telephone(spoken, target)
            except (audio.AudioError, OSError) as error:
                raise EngineError(f"{self.name} made no usable sound: {error}") from error

    def _run(self, text: str, arguments: Sequence[str]) -> None:
        try:
            process = subprocess.Popen(  # noqa: S603 - a fixed program, no shell, the text is one argument
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise EngineError(f"cannot run {arguments[0]}: {error.strerror}; {REMEDY}") from error
        with process:
            try:
                _, complaint = process.communicate(
                    text.encode() + b"\n" if self._text_on_stdin else b"", timeout=self._killed_after
                )
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise EngineError(f"{self.name} did not finish within {self._killed_after:g} s") from None
        if process.returncode:
            words = complaint.decode(errors="replace").split("\n")
            reason = next((line for line in reversed(words) if line.strip()), "no message")
            raise EngineError(f"{self.name} ended with {process.returncode}: {reason.strip()[:200]}")


def rhvoice(language: str, voice: str | None = None) -> ProgramEngine:
    """RHVoice through its `RHVoice-test` program; by default the voice Elena (ru) or SLT (en)."""
    chosen = voice or _RHVOICE[language]
    return ProgramEngine(
        f"rhvoice:{chosen}",
        lambda _text, file, rate: ["RHVoice-test", "-p", chosen, "-r", f"{100 * rate:.0f}", "-o", str(file)],
    )


def espeak_ng(language: str, voice: str | None = None) -> ProgramEngine:
    """eSpeak NG through `ivr_fsm.speech.espeak`; by default its female variant f3."""
    chosen = voice or _ESPEAK[language]
    program = [sys.executable, "-m", espeak.__name__]
    return ProgramEngine(
        f"espeak-ng:{chosen}", lambda _text, file, rate: [*program, chosen, str(file), f"{rate:g}"]
    )


def command(template: str, *, killed_after: float = KILLED_AFTER) -> ProgramEngine:
    """Any program that writes a WAV, such as `piper --model ru.onnx --output_file {file}`.

    Args:
        template: split as a shell would split it, but no shell runs. `{file}` is the WAV to write,
            `{text}` the text as one argument (without it the text comes on standard input), `{rate}` the
            speed, 1.0 normal.
        killed_after: seconds until a program that has not finished is killed.

    Raises:
        EngineError: the template is empty, badly quoted, or has no `{file}`.
    """
    try:
        parts = shlex.split(template)
    except ValueError as error:
        raise EngineError(f"the speech command cannot be read: {error}") from error
    if not any("{file}" in part for part in parts):
        raise EngineError("the speech command needs {file}, the WAV that it is to write")

    def arguments(text: str, file: Path, rate: float) -> list[str]:
        values = {"file": str(file), "text": text, "rate": f"{rate:g}"}
        return [_PLACEHOLDER.sub(lambda found: values[found[1]], part) for part in parts]

    in_arguments = any("{text}" in part for part in parts)
    return ProgramEngine(
        f"command:{template}", arguments, text_on_stdin=not in_arguments, killed_after=killed_after
    )


def choose_engine(
    kind: EngineKind, language: str = "ru", *, voice: str | None = None, template: str | None = None
) -> Engine | None:
    """The engine that the settings name; None when there is to be none, or "auto" finds none.

    "auto" takes RHVoice when it is installed and speaks (tried once, in under a second), else eSpeak NG.

    Raises:
        EngineError: the engine that was named is not installed, or the command template is unusable.
    """
    if kind == "none":
        return None
    if kind == "command":
        return command(template or "")
    if kind in ("auto", "rhvoice") and shutil.which("RHVoice-test"):
        engine = rhvoice(language, voice if kind == "rhvoice" else None)
        if kind == "rhvoice" or _speaks(engine):
            return engine
    if kind in ("auto", "espeak-ng") and espeak.library():
        return espeak_ng(language, voice if kind == "espeak-ng" else None)
    if kind == "auto":
        log.warning("no speech engine: names and order ids are not spoken", remedy=REMEDY)
        return None
    raise EngineError(f"the speech engine {kind} is not installed: {REMEDY}")


def _speaks(engine: ProgramEngine) -> bool:
    with tempfile.TemporaryDirectory(prefix="ivr-speech-") as folder:
        try:
            engine.render("да", Path(folder, "probe.wav"), 1.0)
        except EngineError as error:
            log.warning("RHVoice is installed but does not speak", reason=str(error))
            return False
    return True

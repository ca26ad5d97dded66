"""Make the recordings from the texts: `python -m ivr_fsm.speech.generate [FOLDER] [--check]`.

`manifest.json` in the prompt folder remembers, for each recording made here, the text, the voice and the
file's hash. A file that is not in it, or whose hash differs, was put there by somebody else (a studio): it is
never touched.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Literal, cast

from ivr_fsm.speech import audio
from ivr_fsm.speech.engines import EngineError, EngineKind, ProgramEngine, choose_engine
from ivr_fsm.speech.prompts import PromptError, Texts, read_texts

LANGUAGES = ("ru", "en")

Manifest = dict[str, dict[str, str]]
State = Literal["current", "stale", "foreign"]


def read_manifest(folder: Path) -> Manifest:
    """What was made here: `ru/FW1` to its text, voice and SHA-256; empty when there is no manifest."""
    path = folder / "manifest.json"
    return cast(Manifest, json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def state(folder: Path, name: str, text: str, voice: str, manifest: Manifest) -> State:
    """Whether the recording `name` ("ru/FW1") is current, has to be made, or is somebody else's."""
    path = folder / f"{name}.wav"
    made = manifest.get(name)
    if not path.exists():
        return "stale"
    if made is None or made["sha256"] != _sha256(path):
        return "foreign"
    return "current" if (made["text"], made["voice"]) == (text, voice) else "stale"


def stale(folder: Path) -> list[str]:
    """Names of the recordings that no longer say what the texts say, or are missing."""
    manifest = read_manifest(folder)
    return [
        name
        for language in LANGUAGES
        for name, text, voice in _wanted(language, read_texts(folder, language))
        if state(folder, name, text, voice, manifest) == "stale"
    ]


def generate(folder: Path, language: str) -> list[str]:
    """Make what is stale in one language; the names of what was made.

    Raises:
        EngineError: the voice that the texts name is not installed, or failed.
        PromptError: the texts cannot be read.
    """
    texts = read_texts(folder, language)
    manifest = read_manifest(folder)
    (folder / language).mkdir(exist_ok=True)
    made = []
    engine: ProgramEngine | None = None
    for name, text, voice in _wanted(language, texts):
        if state(folder, name, text, voice, manifest) != "stale":
            continue
        engine = engine or _engine(texts, language)
        path = folder / f"{name}.wav"
        engine.render(text, path, texts.rate)
        manifest[name] = {"text": text, "voice": voice, "sha256": _sha256(path)}
        _write_manifest(folder, manifest)
        made.append(name)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Make or check the recordings, print a table of them; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("prompts"))
    parser.add_argument("--check", action="store_true", help="only tell what is stale; exit 1 if anything is")
    options = parser.parse_args(arguments)
    folder: Path = options.folder
    try:
        if options.check:
            names = stale(folder)
            print("\n".join(f"{name}: run `make prompts`" for name in names) or "every recording is current")
            return 1 if names else 0
        for language in LANGUAGES:
            made = generate(folder, language)
            _report(folder, language, made)
    except (EngineError, PromptError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _wanted(language: str, texts: Texts) -> list[tuple[str, str, str]]:
    """Name, text and voice of every recording of one language."""
    voice = f"{texts.engine}:{texts.voice}@{texts.rate:g}"
    return [(f"{language}/{code}", text, voice) for code, text in texts.recordings.items()]


def _engine(texts: Texts, language: str) -> ProgramEngine:
    engine = choose_engine(cast(EngineKind, texts.engine), language, voice=texts.voice)
    if not isinstance(engine, ProgramEngine):
        raise EngineError(f'engine = "{texts.engine}" in {language}.toml makes no recordings')
    return engine


def _report(folder: Path, language: str, made: list[str]) -> None:
    for name, _, _ in _wanted(language, read_texts(folder, language)):
        path = folder / f"{name}.wav"
        level, peak = audio.loudness(path)
        mark = "made" if name in made else "kept"
        print(f"{mark}  {name:<14}{audio.seconds(path):6.2f} s{level:8.1f} dBFS RMS{peak:7.1f} dBFS peak")


def _write_manifest(folder: Path, manifest: Manifest) -> None:
    content = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "manifest.json").write_text(content + "\n", encoding="utf-8")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())

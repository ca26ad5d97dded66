"""Spoken texts on demand: from the cache at once, from the engine within a time limit, or not at all."""

import asyncio
import hashlib
import os
import re
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import structlog

from ivr_fsm.speech import audio
from ivr_fsm.speech.engines import REMEDY, Engine, EngineError

log = structlog.get_logger(__name__)

NORMAL, SLOW = 1.0, 0.8
"""Speed of ordinary speech and of what somebody is to write down."""

_AT_ONCE = 2

_FILE = re.compile(r"[0-9a-f]{32}(\.[0-9a-f]{32}\.part|\.wav)")


def cached(cache: Path, before: datetime | None = None) -> Iterator[Path]:
    """Return the spoken texts in the folder *cache*, whole or in parts; no other file, and no link.

    Args:
        cache: the folder; one that is not there has none.
        before: only those last used before that (an aware time).

    Raises:
        OSError: the folder cannot be read.
    """
    if not cache.is_dir():
        return
    for path in cache.iterdir():
        if not _FILE.fullmatch(path.name) or not path.is_file() or path.is_symlink():
            continue
        if before is None or path.stat().st_mtime < before.timestamp():
            yield path


class Speaker:
    """Speaks through an engine into a bounded cache of WAV files.

    File names are hashes of engine, speed and text, so that no name or order id is on the disk.
    """

    def __init__(
        self,
        engine: Engine | None,
        cache: Path,
        limit: float = 1.5,
        *,
        files: int = 500,
        size: int = 64 * 2**20,
        age: float = 30 * 86400,
    ) -> None:
        """Use `engine` (None: only what is cached already) and the folder `cache`, made if need be.

        Args:
            engine: see `choose_engine`.
            cache: a folder of the speaker's own.
            limit: seconds that `say` waits for a synthesis.
            files: most files kept.
            size: most bytes kept.
            age: seconds after its last use that a file is kept.
        """
        self._engine = engine
        self._cache = cache
        self._limit = limit
        self._bounds = (files, size, age)
        self._making: dict[Path, asyncio.Task[Path | None]] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._told: set[str] = set()
        cache.mkdir(parents=True, exist_ok=True)
        self._prune()

    async def say(self, text: str, *, slowly: bool = False) -> Path | None:
        """The WAV that speaks `text`; None when it cannot be had within the limit: play the recording then.

        A synthesis that overruns goes on, and is there for the next time.
        """
        if found := self.ready(text, slowly=slowly):
            return found
        task = self._start(text, slowly)
        if task is None:
            return None
        done, _ = await asyncio.wait({task}, timeout=self._limit)
        if not done:
            self._tell(
                "speech is slower than its limit", f"took more than {self._limit:g} s", "raise the limit"
            )
            return None
        return task.result()

    def ready(self, text: str, *, slowly: bool = False) -> Path | None:
        """The WAV that speaks `text` if it is in the cache and whole; never waits."""
        path = self._path(text, slowly)
        try:
            return path if self._is_whole(path) else None
        except OSError as error:
            self._tell("the speech cache cannot be used", str(error), "let the service write to its folder")
            return None

    def prepare(self, text: str, *, slowly: bool = False) -> None:
        """Begin to speak `text` into the cache in the background, unless it is there."""
        if self.ready(text, slowly=slowly) is None:
            self._start(text, slowly)

    async def close(self) -> None:
        """Give up what is being made."""
        tasks = list(self._making.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _is_whole(self, path: Path) -> bool:
        """Whether a text is in the cache, undamaged; then it counts as used now."""
        if not path.exists():
            return False
        if fault := audio.fault(path):
            log.warning(
                "a spoken text in the cache was damaged and is made anew", file=path.name, fault=fault
            )
            path.unlink(missing_ok=True)
            return False
        os.utime(path)
        return True

    def _path(self, text: str, slowly: bool) -> Path:
        name = self._engine.name if self._engine else ""
        key = "\0".join((name, str(SLOW if slowly else NORMAL), text))
        return self._cache / f"{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}.wav"

    def _start(self, text: str, slowly: bool) -> asyncio.Task[Path | None] | None:
        if self._engine is None:
            return None
        path = self._path(text, slowly)
        task = self._making.get(path)
        if task is None:
            task = asyncio.create_task(self._make(self._engine, text, path, SLOW if slowly else NORMAL))
            self._making[path] = task
            task.add_done_callback(lambda _: self._making.pop(path, None))
        return task

    async def _make(self, engine: Engine, text: str, path: Path, rate: float) -> Path | None:
        part = path.with_suffix(f".{uuid.uuid4().hex}.part")
        async with self._turns:
            try:
                await engine.synthesize(text, part, rate=rate)
                self._keep(part, path)
            except (EngineError, OSError) as error:
                self._tell("a text could not be spoken", str(error), REMEDY)
                return None
            finally:
                part.unlink(missing_ok=True)
        return path

    def _keep(self, part: Path, path: Path) -> None:
        if fault := audio.fault(part):
            raise EngineError(f"{path.name}: {fault}")
        part.replace(path)
        self._prune()

    def _prune(self) -> None:
        """Drop what is too old and the least recently used beyond the bounds, with old parts of a crash."""
        files, size, age = self._bounds
        found = sorted(
            ((path.stat(), path) for path in self._cache.iterdir()), key=lambda one: -one[0].st_mtime
        )
        kept = total = 0
        for status, path in found:
            late = time.time() - status.st_mtime > age
            if path.suffix == ".wav" and not late and kept < files and total + status.st_size <= size:
                kept, total = kept + 1, total + status.st_size
            elif path.suffix == ".wav" or late:
                path.unlink(missing_ok=True)

    def _tell(self, event: str, reason: str, remedy: str) -> None:
        if reason not in self._told:
            self._told.add(reason)
            log.warning(event, reason=reason, remedy=remedy)

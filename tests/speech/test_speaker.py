import asyncio
import os
import shutil
import time

import gevent.selectors
import pytest
import structlog

from ivr_fsm.speech import audio
from ivr_fsm.speech.engines import EngineError, command, espeak_ng
from ivr_fsm.speech.prompts import PromptLibrary
from ivr_fsm.speech.speaker import Speaker


class Voice:
    """An engine that copies a tone as soon as it is let, and counts."""

    name = "voice"

    def __init__(self, sound):
        self.sound = sound
        self.let = asyncio.Event()
        self.let.set()
        self.said = []
        self.fault = None

    async def synthesize(self, text, target, *, rate):
        self.said.append((text, rate))
        await self.let.wait()
        if self.fault:
            raise EngineError(self.fault)
        shutil.copy(self.sound, target)


@pytest.fixture
def voice(sounds):
    return Voice(sounds.write("voice.wav", sounds.tone(500, 0.2)))


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


async def test_a_text_is_made_once_and_then_ready(voice, cache):
    speaker = Speaker(voice, cache)
    assert speaker.ready("Привет") is None
    path = await speaker.say("Привет")
    assert path is not None
    assert audio.fault(path) is None
    assert await speaker.say("Привет") == path == speaker.ready("Привет")
    assert voice.said == [("Привет", 1.0)]


async def test_slow_speech_is_another_file(voice, cache):
    speaker = Speaker(voice, cache)
    assert await speaker.say("да") != await speaker.say("да", slowly=True)
    assert voice.said == [("да", 1.0), ("да", 0.8)]


async def test_no_name_reaches_the_disk(voice, cache):
    path = await Speaker(voice, cache).say("Мария 10542")
    assert [path] == list(cache.iterdir())
    assert "Мария" not in path.name
    assert len(path.stem) == 32


async def test_two_who_ask_at_once_get_one_synthesis(voice, cache):
    speaker = Speaker(voice, cache)
    voice.let.clear()
    speaker.prepare("да")
    both = asyncio.gather(speaker.say("да"), speaker.say("да"))
    await asyncio.sleep(0)
    voice.let.set()
    first, second = await both
    assert first == second == speaker.ready("да")
    assert len(voice.said) == 1


async def test_a_synthesis_that_overruns_is_there_the_next_time(voice, cache):
    speaker = Speaker(voice, cache, limit=0.01)
    voice.let.clear()
    assert await speaker.say("да") is None
    making = list(speaker._making.values())
    voice.let.set()
    await asyncio.gather(*making)
    assert speaker.ready("да") == await speaker.say("да")
    assert len(voice.said) == 1


async def test_a_real_program_that_is_too_slow_gives_way_to_the_recording(program, cache):
    slow = command(f"{program('sleep 600')} {{file}}", killed_after=0.5)
    speaker = Speaker(slow, cache, limit=0.05)
    with structlog.testing.capture_logs() as logs:
        assert await speaker.say("да") is None
        await asyncio.gather(*speaker._making.values())
    assert [entry["event"] for entry in logs] == [
        "speech is slower than its limit",
        "a text could not be spoken",
    ]
    assert list(cache.iterdir()) == []


async def test_a_failure_is_told_once_with_its_remedy(voice, cache):
    voice.fault = "no model"
    speaker = Speaker(voice, cache)
    with structlog.testing.capture_logs() as logs:
        assert await speaker.say("да") is None
        assert await speaker.say("нет") is None
    assert [entry["reason"] for entry in logs] == ["no model"]
    assert "install RHVoice" in logs[0]["remedy"]
    assert list(cache.iterdir()) == []


async def test_after_a_failure_the_next_try_may_succeed(voice, cache):
    speaker = Speaker(voice, cache)
    voice.fault = "busy"
    assert await speaker.say("да") is None
    voice.fault = None
    assert await speaker.say("да") is not None


async def test_a_file_that_cannot_be_played_is_not_kept(voice, cache, sounds):
    voice.sound = sounds.write("fast.wav", [0.1] * 99, 44100)
    assert await Speaker(voice, cache).say("да") is None
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"RIFF rubbish"])
async def test_a_damaged_file_is_noticed_and_made_anew(voice, cache, damage):
    speaker = Speaker(voice, cache)
    path = await speaker.say("да")
    path.write_bytes(damage or path.read_bytes()[:-50])
    assert speaker.ready("да") is None
    assert await speaker.say("да") == path
    assert audio.fault(path) is None


async def test_without_an_engine_nothing_is_spoken(cache):
    speaker = Speaker(None, cache)
    speaker.prepare("да")
    assert await speaker.say("да") is None


def aged(path, seconds):
    then = time.time() - seconds
    os.utime(path, (then, then))


async def test_the_least_recently_used_goes_first(voice, cache):
    speaker = Speaker(voice, cache, files=2)
    first, second = await speaker.say("раз"), await speaker.say("два")
    aged(first, 60)
    aged(second, 120)
    assert speaker.ready("два") == second
    await speaker.say("три")
    assert not first.exists()
    assert second.exists()


async def test_the_cache_is_bounded_in_bytes(voice, cache):
    size = voice.sound.stat().st_size
    speaker = Speaker(voice, cache, size=3 * size)
    for text in ("раз", "два", "три", "четыре", "пять"):
        assert await speaker.say(text) is not None
    assert sum(path.stat().st_size for path in cache.iterdir()) <= 3 * size


async def test_what_is_old_goes_at_the_start_with_the_parts_of_a_crash(voice, cache):
    path = await Speaker(voice, cache).say("да")
    part = cache / "half.part"
    part.write_bytes(b"half")
    aged(path, 100)
    aged(part, 100)
    Speaker(voice, cache, age=200)
    assert path.exists()
    Speaker(voice, cache, age=50)
    assert list(cache.iterdir()) == []


async def test_closing_gives_up_what_is_being_made(voice, cache):
    speaker = Speaker(voice, cache, limit=0.01)
    voice.let.clear()
    await speaker.say("да")
    await speaker.close()
    assert speaker._making == {}
    assert list(cache.iterdir()) == []


@pytest.mark.usefixtures("default_engine")
async def test_the_ordinary_engine_speaks_an_announcement(cache, shipped):
    text = PromptLibrary(shipped, "ru").text("ANNOUNCE", name="Александра", order="105427")
    path = await Speaker(espeak_ng("ru"), cache, limit=60).say(text, slowly=True)
    assert path is not None
    assert 4.0 < audio.seconds(path) < 9.0


@pytest.mark.usefixtures("default_engine")
def test_it_works_on_the_loop_shared_with_gevent(cache):
    loop = asyncio.SelectorEventLoop(gevent.selectors.GeventSelector())
    try:
        path = loop.run_until_complete(Speaker(espeak_ng("ru"), cache, limit=60).say("Один, два, три."))
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
    assert path is not None


async def test_a_cache_that_cannot_be_used_is_told_once_and_harms_nobody(voice, cache, monkeypatch):
    speaker = Speaker(voice, cache)
    assert await speaker.say("Привет")

    def refuse(*_arguments):
        raise PermissionError("read-only file system")

    monkeypatch.setattr(os, "utime", refuse)
    with structlog.testing.capture_logs() as logs:
        assert speaker.ready("Привет") is None
        assert speaker.ready("Привет") is None
    assert [line["event"] for line in logs] == ["the speech cache cannot be used"]

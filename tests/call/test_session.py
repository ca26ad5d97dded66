"""One live call: order, faults at the edges, timers, the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr_fsm.call.ports import Journal
from ivr_fsm.call.session import Session, World
from ivr_fsm.directory.port import Answerer
from ivr_fsm.flow import events
from ivr_fsm.flow.caller import Caller, Customer, Order, Shop
from ivr_fsm.flow.commands import Dial
from ivr_fsm.flow.plan import Plan
from ivr_fsm.flow.record import Call
from ivr_fsm.flow.step import Step
from ivr_fsm.journal.nowhere import Nowhere

CALL = "0f7e1a52-5b1c-4a3e-9d0e-2a7a3f6f1c11"
SHOP = Shop("s1", "Цветы", "Москва", "", ("74951110001", "74951110002"))
CUSTOMER = Customer("Иван", Order("10542", SHOP))
PLAN = Plan.model_validate(
    {"targets": {"office": {"numbers": ["74951110011"]}, "call_centre": {"numbers": ["74951110021"]}}}
)


@dataclass
class Switch:
    """Writes down what it is asked for."""

    asked: list[str] = field(default_factory=list)
    dialed: list[Dial] = field(default_factory=list)
    fails: bool = False

    def _note(self, what: str) -> None:
        self.asked.append(what)
        if self.fails:
            raise OSError("the switch is out of reach")

    def ring(self) -> None:
        self._note("ring")

    def answer(self) -> None:
        self._note("answer")

    def play(self, file: Path, token: str) -> None:
        self._note(f"play {file.name} {token}")

    def hold(self, token: str) -> None:
        self._note("hold")

    def stop_prompt(self) -> None:
        self._note("stop prompt")

    def dial(self, dial: Dial) -> None:
        self.dialed.append(dial)
        self._note(f"dial {dial.phone}")

    def release(self, leg: str, cause: str) -> None:
        self._note(f"release {cause}")

    def announce(self, leg: str, files: Sequence[Path]) -> None:
        self._note(f"announce {' '.join(file.name for file in files)}")

    def bridge(self, leg: str) -> None:
        self._note("bridge")

    def record(self, name: str) -> None:
        self._note(f"record {name}")

    def hangup(self, cause: str) -> None:
        self._note(f"hangup {cause}")

    def close(self) -> None:
        self._note("close")


@dataclass
class Directory:
    answer: Caller | Exception = CUSTOMER
    after: float = 0
    who: Answerer | Exception = field(default_factory=lambda: Answerer("Анна", ""))
    who_after: float = 0

    async def who_answers(self, phone: str) -> Answerer:
        await asyncio.sleep(self.who_after)
        if isinstance(self.who, Exception):
            raise self.who
        return self.who

    async def identify(self, phone: str) -> Caller:
        await asyncio.sleep(self.after)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Voice:
    fails = False

    def prompt(self, code: str, facts: Mapping[str, str]) -> Path:
        return Path(f"{code}.wav")

    def prepare(self, code: str, facts: Mapping[str, str]) -> None:
        pass

    async def announcement(self, code: str, facts: Mapping[str, str]) -> Path:
        if self.fails:
            raise RuntimeError("no voice")
        return Path(f"{code}.wav")


@dataclass
class Watcher:
    steps: list[Step] = field(default_factory=list)
    fails: bool = False

    def stepped(self, call_id: str, number: int, step: Step, at: datetime) -> None:
        assert call_id == CALL
        self.steps.append(step)
        assert number == len(self.steps)
        if self.fails:
            raise RuntimeError("the watcher is broken")

    @property
    def states(self) -> list[str]:
        return [step.after for step in self.steps if step.moved]


class SlowJournal:
    """Keeps steps, and lets their commands leave when it is told to."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.waiting: list[Callable[[], None]] = []

    def begin(self, call: Call) -> SlowJournal:
        return self

    def refuse(self, arrived: events.CallArrived, why: str) -> None:
        raise NotImplementedError

    def write(self, step: Step, mono: float, leave: Callable[[], None] | None) -> None:
        self.steps.append(step)
        if leave is not None:
            self.waiting.append(leave)

    def written(self) -> None:
        """The step that waits is written."""
        self.waiting.pop(0)()


@dataclass
class Stopwatch:
    left_at: list[tuple[events.Event, float, float]] = field(default_factory=list)
    fails: bool = False

    def left(self, event: events.Event, waited: float, took: float) -> None:
        self.left_at.append((event, round(waited, 6), round(took, 6)))
        if self.fails:
            raise RuntimeError("the watch is broken")


@dataclass
class Scene:
    directory: Directory = field(default_factory=Directory)
    switch: Switch = field(default_factory=Switch)
    voice: Voice = field(default_factory=Voice)
    watcher: Watcher = field(default_factory=Watcher)
    over: list[Session] = field(default_factory=list)
    journal: Journal = field(default_factory=Nowhere)
    timings: Stopwatch = field(default_factory=Stopwatch)

    def begin(self) -> Session:
        world = World(
            self.directory,
            self.voice,
            self.journal,
            [self.watcher],
            lambda: datetime.now(UTC),
            asyncio.get_running_loop(),
            self.timings,
        )
        session = Session(PLAN, events.CallArrived(CALL, "+79161234567"), world, self.over.append)
        session.start(self.switch)
        return session


async def to_shop(scene: Scene) -> Session:
    session = scene.begin()
    await asyncio.sleep(0.1)
    session.post(events.DigitPressed("1"))
    return session


@pytest.mark.virtual
async def test_commands_leave_in_the_turn_of_the_event() -> None:
    scene = Scene()
    session = scene.begin()
    assert scene.switch.asked == ["ring"]
    await asyncio.sleep(0.1)
    assert scene.switch.asked == ["ring", "answer", "play FW1.wav FW1-1"]
    session.post(events.DigitPressed("1"))
    assert scene.switch.asked[3:] == [
        "stop prompt",
        "dial 74951110001",
        "dial 74951110002",
        "play FW6.wav FW6-2",
    ]
    session.post(events.PromptFinished("FW6-2"))
    assert scene.switch.asked[-1] == "hold"


@pytest.mark.virtual
async def test_commands_wait_for_the_journal_and_events_for_the_commands() -> None:
    journal = SlowJournal()
    scene = Scene(journal=journal)
    session = scene.begin()
    assert (len(journal.steps), scene.switch.asked) == (1, [])
    session.post(events.DigitPressed("1"))
    session.post(events.CallerIdentified(CUSTOMER))
    session.post(events.DigitPressed("1"))
    assert len(journal.steps) == 1, "an event overtook the commands of the step before"
    journal.written()
    assert scene.switch.asked == ["ring"]
    assert [type(step.event).__name__ for step in journal.steps[1:]] == ["DigitPressed", "CallerIdentified"]
    journal.written()
    assert scene.switch.asked[1:] == ["answer", "play FW1.wav FW1-1"]
    assert journal.steps[-1].after == "dialing_shop"
    journal.written()
    assert scene.switch.asked[3:5] == ["stop prompt", "dial 74951110001"]
    assert scene.watcher.steps == journal.steps


@pytest.mark.virtual
async def test_a_step_that_asks_nobody_for_anything_does_not_wait() -> None:
    journal = SlowJournal()
    scene = Scene(journal=journal)
    session = scene.begin()
    journal.written()
    session.post(events.DigitPressed("7"))
    session.post(events.LegEnded("no leg of ours", "USER_BUSY"))
    assert (len(journal.steps), journal.waiting) == (3, [])
    assert scene.watcher.steps == journal.steps


@pytest.mark.virtual
@pytest.mark.parametrize("which", [1, 3])
async def test_a_journal_that_fails_costs_no_call(which: int) -> None:
    class Broken(SlowJournal):
        def write(self, step: Step, mono: float, leave: Callable[[], None] | None) -> None:
            self.steps.append(step)
            if len(self.steps) == which:
                raise RuntimeError("the journal is broken")
            if leave is not None:
                leave()

    scene = Scene(journal=Broken())
    with capture_logs() as logs:
        await to_shop(scene)
    assert [line["event"] for line in logs] == ["step not written"]
    assert scene.watcher.states == ["identifying", "greeting", "dialing_shop"]
    assert "dial 74951110001" in scene.switch.asked


@pytest.mark.virtual
async def test_a_fault_of_the_flow_is_written_too() -> None:
    journal = SlowJournal()
    scene = Scene(journal=journal)
    session = scene.begin()
    journal.written()
    with capture_logs():
        session.post(events.CallArrived(CALL, "+79161234567"))
    assert journal.steps[-1].fault.startswith("TransitionNotAllowed")
    assert (journal.steps[-1].before, journal.steps[-1].after) == ("identifying", "identifying")
    assert journal.steps[-1].commands == ()


@pytest.mark.virtual
async def test_timeline_plays_by_itself_and_dies_with_its_state() -> None:
    scene = Scene()
    session = await to_shop(scene)
    await asyncio.sleep(5)
    assert scene.switch.asked[-2:] == ["stop prompt", "play FW8.wav FW8-3"]
    session.post(events.LegAnswered(scene.switch.dialed[0].leg))
    await asyncio.sleep(0.1)
    assert "announce ANNOUNCE.wav" in scene.switch.asked
    session.post(events.AnnouncementFinished(scene.switch.dialed[0].leg))
    session.post(events.Bridged(scene.switch.dialed[0].leg))
    heard = len(scene.switch.asked)
    await asyncio.sleep(3600)
    assert len(scene.switch.asked) == heard, "a timer outlived its state"


@pytest.mark.virtual
async def test_an_event_that_a_command_brings_waits_for_its_turn() -> None:
    scene = Scene()
    session = scene.begin()
    await asyncio.sleep(0.1)

    def refuse(dial: Dial) -> None:
        scene.switch._note(f"dial {dial.phone}")
        session.post(events.LegEnded(dial.leg, "INVALID_NUMBER_FORMAT"))

    scene.switch.dial = refuse  # type: ignore[method-assign]
    session.post(events.DigitPressed("1"))
    states = scene.watcher.states
    assert states[:5] == ["identifying", "greeting", "dialing_shop", "dialing_office", "dialing_call_centre"]
    assert [step.before for step in scene.watcher.steps if step.moved][1:] == states[:-1]


@pytest.mark.virtual
@pytest.mark.parametrize("fault", [RuntimeError("500"), ValueError("not JSON")])
async def test_a_directory_that_fails_makes_the_caller_unknown(fault: Exception) -> None:
    scene = Scene(Directory(fault))
    scene.begin()
    await asyncio.sleep(0.1)
    assert scene.watcher.states == ["identifying", "greeting"]
    assert scene.watcher.steps[-1].told[0].what == "directory_failed"


@pytest.mark.virtual
async def test_a_directory_that_is_slow_is_not_waited_for_and_not_believed_later() -> None:
    scene = Scene(Directory(after=5))
    session = scene.begin()
    await asyncio.sleep(2.1)
    assert scene.watcher.states == ["identifying", "greeting"]
    await asyncio.sleep(5)
    session.post(events.DigitPressed("1"))
    assert scene.watcher.states == ["identifying", "greeting"], "a late answer gave the caller a menu"


async def told_who_answered(directory: Directory) -> str:
    """Let the office answer, and return who is told to be there."""
    scene = Scene(directory)
    session = scene.begin()
    await asyncio.sleep(0.1)
    session.post(events.DigitPressed("2"))
    leg = scene.switch.dialed[0].leg
    session.post(events.LegAnswered(leg))
    session.post(events.Bridged(leg))
    await asyncio.sleep(2.1)
    [answered] = [told for step in scene.watcher.steps for told in step.told if told.what == "answered"]
    return answered.facts["manager"]


@pytest.mark.virtual
@pytest.mark.parametrize(
    ("who", "told"),
    [
        (Answerer("Анна", ""), "Анна"),
        (Answerer(None, "Второй этаж"), "Второй этаж"),
        (Answerer(None, "+7 495 111-00-11"), ""),
        (RuntimeError("500"), ""),
    ],
)
async def test_who_answered_is_asked_of_the_marketplace(who: Answerer | Exception, told: str) -> None:
    with capture_logs():
        assert await told_who_answered(Directory(who=who)) == told


@pytest.mark.virtual
async def test_a_marketplace_that_does_not_say_who_answered_is_not_waited_for_long() -> None:
    with capture_logs() as logs:
        assert await told_who_answered(Directory(who_after=3600)) == ""
    assert [line["error"] for line in logs if "error" in line] == ["no answer within 2 s"]


@pytest.mark.virtual
async def test_a_watcher_that_fails_reaches_no_call() -> None:
    scene = Scene(watcher=Watcher(fails=True))
    await to_shop(scene)
    assert scene.watcher.states[-1] == "dialing_shop"


@pytest.mark.virtual
async def test_it_is_measured_how_long_commands_take_and_how_long_they_wait_for_the_journal() -> None:
    journal = SlowJournal()
    scene = Scene(journal=journal)
    session = scene.begin()
    await asyncio.sleep(1)
    session.post(events.CallerIdentified(CUSTOMER))  # waits for the first step, and then takes its own time
    await asyncio.sleep(2)
    journal.written()
    await asyncio.sleep(4)
    journal.written()
    [(_, waited_first, took_first), (_, waited_next, took_next)] = scene.timings.left_at
    assert (waited_first, took_first) == (3, 3)
    assert (waited_next, took_next) == (4, 6)


@pytest.mark.virtual
async def test_what_asks_nobody_for_anything_is_not_measured() -> None:
    scene = Scene()
    session = await to_shop(scene)
    measured = len(scene.timings.left_at)
    session.post(events.DigitPressed("1"))
    session.post(events.LegRinging(scene.switch.dialed[0].leg))
    assert len(scene.timings.left_at) == measured
    assert scene.timings.left_at[-1][0] == events.DigitPressed("1")


@pytest.mark.virtual
async def test_a_watch_that_fails_reaches_no_call() -> None:
    scene = Scene(timings=Stopwatch(fails=True))
    with capture_logs() as logs:
        await to_shop(scene)
    assert scene.watcher.states[-1] == "dialing_shop"
    assert "timings failed" in [line["event"] for line in logs]


@pytest.mark.virtual
async def test_a_switch_that_fails_does_not_stop_the_call() -> None:
    scene = Scene(switch=Switch(fails=True))
    with capture_logs():
        await to_shop(scene)
        assert "menu" in scene.watcher.states, "a greeting that nobody hears is not waited for"
        await asyncio.sleep(200)
    assert scene.watcher.states[-1] in ("releasing", "ended")


@pytest.mark.virtual
async def test_a_voice_that_fails_connects_without_announcement() -> None:
    scene = Scene()
    scene.voice.fails = True
    session = await to_shop(scene)
    session.post(events.LegAnswered(scene.switch.dialed[0].leg))
    await asyncio.sleep(0.1)
    assert scene.watcher.states[-1] == "connected"


@pytest.mark.virtual
async def test_an_event_that_does_not_fit_leaves_the_call_where_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene()
    session = await to_shop(scene)
    session.post(events.CallArrived(CALL, "+79161234567"))
    assert scene.watcher.states[-1] == "dialing_shop"
    await asyncio.sleep(33)
    assert scene.watcher.states[-1] == "dialing_office", "its timers went on"


@pytest.mark.virtual
async def test_the_end_is_told_once_and_closes_the_connection() -> None:
    scene = Scene()
    session = await to_shop(scene)
    session.post(events.CallerHungUp())
    assert scene.over == []
    for dial in scene.switch.dialed:
        session.post(events.LegEnded(dial.leg, "ORIGINATOR_CANCEL"))
    session.post(events.CallerHungUp())
    assert scene.over == [session]
    assert scene.switch.asked[-1] == "close"
    assert asyncio.all_tasks() == {asyncio.current_task()}

"""What is found in the journal, on each database: the filters, one call, what is new."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import text
from tests.journal.conftest import Database
from tests.journal.pen import WritingCall, identified, journal, now

from ivr_fsm.flow import events
from ivr_fsm.flow.caller import Caller, Customer, Order, Partner, Shop, Unknown
from ivr_fsm.journal import writer
from ivr_fsm.journal.database import JournalError
from ivr_fsm.journal.followups import FollowUps
from ivr_fsm.journal.page import Record
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.journal.rows import gap_row


@dataclass
class Kept:
    """A journal with one call of each sort."""

    reader: Reader
    names: dict[str, str]

    def find(self, wanted: Wanted) -> set[str]:
        found = self.reader.calls(wanted)
        assert len(found) == self.reader.count(wanted)
        assert found == list(self.reader.each(wanted))
        return {self.names[call.call] for call in found}


@pytest.fixture
async def kept(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Kept]:
    monkeypatch.setattr(writer, "PATIENCE", 60)
    names: dict[str, str] = {}
    async with journal(database.url, "dies") as pen:
        lost = WritingCall(pen, "+79990000001")
        lost.arrives()
        names[lost.id] = "lost"
    async with journal(database.url, "dies"):
        pass
    async with journal(database.url) as pen:
        for name, call in {
            "live": identified(pen, Customer("Мария")),
            "abandoned": identified(pen),
            "partner": identified(pen, Partner(Shop("arbat", "Цветы"))),
            "answered": identified(pen),
        }.items():
            names[call.id] = name
            if name == "abandoned":
                call.takes(events.CallerHungUp())
            elif name == "partner":
                call.takes(events.PromptFinished(call.call.awaited))
                call.takes(events.CallerHungUp())
            elif name == "answered":
                call.takes(events.PromptFinished(call.call.awaited))
                [leg] = call.call.legs
                call.takes(events.LegAnswered(leg))
                call.takes(events.Bridged(leg))
                call.takes(events.CallerHungUp())
        refused = "00000000-0000-4000-8000-000000000001"
        names[refused] = "refused"
        pen.refuse(events.CallArrived(refused, "+79990000002"), "too many calls")
    yield Kept(database.reader(), names)


async def test_every_filter_on_every_database(kept: Kept) -> None:
    everything = {"live", "abandoned", "partner", "answered", "lost", "refused"}
    for wanted, found in {
        Wanted(): everything,
        Wanted(live=True): {"live"},
        Wanted(live=False): everything - {"live"},
        Wanted(outcome="abandoned"): {"abandoned"},
        Wanted(outcome="abandoned:greeting"): {"abandoned"},
        Wanted(outcome="abandoned:menu"): set(),
        Wanted(outcome="partner"): {"partner"},
        Wanted(outcome="answered"): {"answered"},
        Wanted(outcome="lost"): {"lost"},
        Wanted(outcome="refused"): {"refused"},
        Wanted(abandoned_in="greeting"): {"abandoned"},
        Wanted(answered_by="office"): {"answered"},
        Wanted(answered_by="call_centre"): set(),
        Wanted(answered_by="1110011"): {"answered"},
        Wanted(phone="+79990000001"): {"lost"},
        Wanted(phone="+7999"): set(),
        Wanted(phone="999000000"): {"lost", "refused"},
        Wanted(phone="%"): set(),
        Wanted(phone="_"): set(),
        Wanted(phone="'"): set(),
        Wanted(since=now() + timedelta(hours=1)): set(),
        Wanted(until=now() - timedelta(hours=1)): set(),
        Wanted(since=now() - timedelta(hours=1), until=now() + timedelta(hours=1)): everything,
    }.items():
        assert kept.find(wanted) == found, wanted


async def test_what_is_counted_is_read_of_calls_that_were_taken(kept: Kept) -> None:
    found = kept.reader.outcomes(Wanted(live=False), 50)
    names = {call.key: kept.names[call.call] for call in kept.reader.calls(Wanted())}
    assert [key for key, _ in found] == sorted((key for key, _ in found), reverse=True)
    assert {names[key]: outcome for key, outcome in found} == {
        "lost": "",
        "abandoned": "abandoned:greeting",
        "partner": "partner",
        "answered": "answered:office",
    }
    assert kept.reader.outcomes(Wanted(live=False), 2) == found[:2]
    [answered] = [key for key, name in names.items() if name == "answered"]
    moves = kept.reader.moves(answered, answered)
    assert {key for key, *_ in moves} == {answered}
    assert [(before, after) for _, _, before, after in moves] == [
        (step.before, step.after) for step in kept.reader.steps(answered) if step.moved
    ]


async def test_a_call_is_found_by_the_beginning_of_its_id(kept: Kept) -> None:
    for call_id, name in kept.names.items():
        for given in (call_id, call_id.upper(), call_id[:8], call_id[:13]):
            assert [kept.names[found.call] for found in kept.reader.call(given)] == [name]
    for given in ("", "%", "_" * 8, "zzzzzzzz", "0000'--", "\0" * 8, "9" * 30):
        assert kept.reader.call(given) == []


async def test_what_is_new_comes_in_the_order_of_writing(kept: Kept, database: Database) -> None:
    place = kept.reader.last_id()
    assert kept.reader.after(place) == []
    async with journal(database.url, "other") as pen:
        call = identified(pen)
    new = kept.reader.after(place)
    assert [step.event for _, _, step in new] == ["CallArrived", "CallerIdentified"]
    assert {found.call for _, found, _ in new} == {call.id}
    assert [at for at, _, _ in kept.reader.after(new[0][0], limit=1)] == [new[1][0]]


async def test_many_calls_are_read_a_few_at_a_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PATIENCE", 60)
    async with journal(database.url) as pen:
        for _ in range(1100):
            WritingCall(pen).arrives()
    reader = database.reader()
    keys = [call.key for call in reader.each(Wanted())]
    assert len(keys) == reader.count(Wanted()) == 1100
    assert keys == sorted(set(keys), reverse=True)
    assert [call.key for call in reader.calls(Wanted(), 3, before=keys[10])] == keys[11:14]


async def test_the_gaps_of_a_time(database: Database) -> None:
    noon = datetime.fromisoformat("2026-11-03T12:00:00+00:00")
    numbers = count(1)

    def gap(began: float, ended: float, why: str) -> Record:
        hours = (timedelta(hours=each) for each in (began, ended))
        return Record(
            gap=gap_row(next(numbers), "one", *(noon + each for each in hours), why, late=3, lost=1)
        )

    async with journal(database.url) as pen:
        for each in (gap(-3, -2, "before"), gap(-1, 1, "during"), gap(2, 3, "after")):
            pen.put(each, None)
    reader = database.reader()
    found = reader.gaps(noon - timedelta(minutes=5), noon + timedelta(minutes=5))
    assert [(each.why, each.late, each.lost) for each in found] == [("during", 3, 1)]
    assert [each.why for each in reader.gaps(noon - timedelta(days=1), noon + timedelta(days=1))] == [
        "before",
        "during",
        "after",
    ]


async def test_a_plan_of_another_version_is_none(kept: Kept, database: Database) -> None:
    with database.engine().begin() as connection:
        connection.execute(
            text("INSERT INTO plans VALUES ('old', 1, '{\"menus\": 3}'), ('bad', 1, 'no json')")
        )
    assert kept.reader.plan("old") is None
    assert kept.reader.plan("bad") is None
    assert kept.reader.plan("never seen") is None


def test_a_database_without_tables_is_an_error_in_one_line(empty: Database) -> None:
    with pytest.raises(JournalError, match=r"^the journal .*calls") as raised:
        empty.reader().calls(Wanted())
    assert str(raised.value).isprintable()


@dataclass
class Searched:
    """A journal with calls of people who have names."""

    reader: Reader
    names: dict[str, str]

    def find(self, text: str, *, unseen: bool = False) -> set[str]:
        wanted = Wanted(search=text, unseen=unseen)
        found = self.reader.calls(wanted)
        assert len(found) == self.reader.count(wanted)
        return {self.names[call.call] for call in found}


@pytest.fixture
async def searched(database: Database) -> Searched:
    names: dict[str, str] = {}
    shop = Shop("s1", "Цветы на Арбате", "Москва", "", ("74951110001",))
    who: list[tuple[str, str, Caller]] = [
        ("+79161234567", "Мария Петрова", Customer("Мария Петрова", Order("AB-10542", shop))),
        ("+79161234599", "O'Brien", Customer("O'Brien 100%")),
        ("+4915112345678", "Jürgen", Customer("Jürgen_Kay")),
        ("", "hidden", Unknown()),
        ("+79260000067", "partner", Partner(Shop("s2", "Хлеб"))),
    ]
    async with journal(database.url) as pen:
        for index, (phone, name, caller) in enumerate(who):
            call = WritingCall(pen, phone, f"{index}a5b{index}c5d-1111-4222-8333-444455556666")
            call.arrives()
            call.takes(events.CallerIdentified(caller))
            names[call.id] = name
    return Searched(database.reader(), names)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Мария", {"Мария Петрова"}),
        ("мария", {"Мария Петрова"}),
        ("ПЕТРОВА", {"Мария Петрова"}),
        ("мария петрова", {"Мария Петрова"}),
        ("  етров ", {"Мария Петрова"}),
        ("o'brien", {"O'Brien"}),
        ("100%", {"O'Brien"}),
        ("%", {"O'Brien"}),
        ("_", {"Jürgen"}),
        ("kay", {"Jürgen"}),
        ("KAY", {"Jürgen"}),
        ("jürgen", {"Jürgen"}),
        ("арбат", {"Мария Петрова"}),
        ("хлеб", {"partner"}),
        ("AB-10542", {"Мария Петрова"}),
        ("ab-105", {"Мария Петрова"}),
        ("10542", {"Мария Петрова"}),
        ("+79161234567", {"Мария Петрова"}),
        ("8 (916) 123-45-67", {"Мария Петрова"}),
        ("916 123-45", {"Мария Петрова", "O'Brien"}),
        ("4915112345678", {"Jürgen"}),
        ("67", {"Мария Петрова", "Jürgen", "partner"}),
        ("3a5b3c5d", {"hidden"}),
        ("3A5B3C5D-1111", {"hidden"}),
        ("nobody", set()),
        ("\\", set()),
        ("' OR 1=1 --", set()),
        ("\x00", set()),
        ("Мария\x00", set()),
        ("\ud800", set()),
        ("١٢٣", set()),
        ("9" * 100, set()),
    ],
)
async def test_search_on_every_database(searched: Searched, text: str, found: set[str]) -> None:
    assert searched.find(text) == found


async def test_nothing_is_searched_for_where_nothing_is_asked(searched: Searched) -> None:
    assert searched.find("   ") == set(searched.names.values())


@pytest.mark.parametrize("digits", ["9161234567", "+79161234567", "1234567", "0000067", "67"])
async def test_numbers_that_are_not_seen_cannot_be_guessed(searched: Searched, digits: str) -> None:
    assert searched.find(digits, unseen=True) == {"Мария Петрова", "partner"}


@pytest.mark.parametrize("text", ["AB-105", "Арбате 123", "O'Brien 100%"])
async def test_numbers_in_texts_cannot_be_guessed_either(searched: Searched, text: str) -> None:
    assert searched.find(text, unseen=True) == set()
    assert searched.find("AB-10542", unseen=True) == {"Мария Петрова"}


async def test_kinds(searched: Searched) -> None:
    found = {
        kind: {searched.names[call.call] for call in searched.reader.calls(Wanted(kind=kind))}
        for kind in ("order", "other", "partner")
    }
    assert found["order"] == {"Мария Петрова"}
    assert found["partner"] == {"partner"}
    assert found["other"] == {"O'Brien", "Jürgen", "hidden"}


async def test_pages_forward_and_back(searched: Searched) -> None:
    reader = searched.reader
    keys = [call.key for call in reader.calls(Wanted())]
    assert keys == sorted(keys, reverse=True)
    for index, key in enumerate(keys):
        assert [call.key for call in reader.calls(Wanted(), 2, after=key)] == keys[max(index - 2, 0) : index]
        assert [call.key for call in reader.calls(Wanted(), 2, before=key)] == keys[index + 1 : index + 3]
    assert reader.calls(Wanted(), after=keys[0]) == []
    assert [call.key for call in reader.calls(Wanted(kind="other"), 1, after=keys[-1])] != []


async def test_counting_no_further(searched: Searched) -> None:
    assert [searched.reader.count(Wanted(), most) for most in (1, 4, 5, 6, None)] == [1, 4, 5, 5, 5]
    assert searched.reader.count(Wanted(kind="other"), 2) == 2


async def test_lengths_of_live_calls(kept: Kept) -> None:
    assert [call for call in kept.reader.calls(Wanted()) if call.key not in kept.reader.live_lengths()]
    live = kept.reader.calls(Wanted(live=True))
    steps = {call.key: kept.reader.steps(call.key) for call in live}
    assert kept.reader.live_lengths() == {key: each[-1].number if each else 0 for key, each in steps.items()}


async def test_what_people_did_about_a_call(kept: Kept, database: Database) -> None:
    done = FollowUps(database.engine())
    calls = {kept.names[call.call]: call for call in kept.reader.calls(Wanted())}
    missed = calls["abandoned"]
    assert kept.reader.follow_ups(missed.key) == []
    assert done.claim(missed.key, "Ольга", now()) == "taken"
    [claimed] = kept.reader.calls(Wanted(outcome="abandoned"))
    assert claimed.claimed
    done.release(missed.key, claimed.claimed, "office_silent", "Ольга", now())
    assert done.done(missed.key, "Борис", now()) == "taken"
    assert done.done(calls["lost"].key, "Вера", now()) == "taken"
    found = kept.reader.follow_ups(missed.key)
    assert [(each.what, each.by) for each in found] == [
        ("call_back", "Ольга"),
        ("office_silent", "Ольга"),
        ("done", "Борис"),
    ]


async def test_the_calls_back_of_a_call(kept: Kept, database: Database) -> None:
    [missed] = kept.reader.calls(Wanted(outcome="abandoned"))
    assert kept.reader.backs(missed.call) == []
    made = []
    async with journal(database.url, "other") as pen:
        for _ in range(2):
            back = WritingCall(pen, missed.phone, back=missed.call)
            back.arrives()
            made.append(back.id)
    found = kept.reader.backs(missed.call)
    assert {call.call for call in found} == set(made)
    assert [call.key for call in found] == sorted(call.key for call in found)
    assert kept.reader.backs("") == [], "whoever calls nobody back belongs to no call"

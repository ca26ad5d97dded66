from __future__ import annotations

from ivr_fsm.simulator.bus import Bus, Event


class Ear:
    def __init__(self, bus: Bus) -> None:
        self.heard: list[str] = []
        bus.join(self)

    def deliver(self, event: Event) -> None:
        self.heard.append(event.name)


def event(name: str, **headers: str) -> Event:
    return Event({"Event-Name": name, **headers})


def test_a_filter_lets_through_what_matches_without_regard_to_case() -> None:
    bus = Bus()
    ear, all_ears = Ear(bus), Ear(bus)
    bus.add_filter(ear, ("Job-UUID", "ABC"))
    for sent in (event("ONE", **{"Job-UUID": "abc"}), event("TWO", **{"Job-UUID": "x"}), event("THREE")):
        bus.publish(sent)
    assert ear.heard == ["ONE"]
    assert all_ears.heard == ["ONE", "TWO", "THREE"]


def test_an_event_that_matches_twice_comes_once() -> None:
    bus = Bus()
    ear = Ear(bus)
    bus.add_filter(ear, ("A", "1"))
    bus.add_filter(ear, ("B", "2"))
    bus.publish(event("ONE", A="1", B="2"))
    assert ear.heard == ["ONE"]


def test_without_its_last_filter_everything_comes_again() -> None:
    bus = Bus()
    ear = Ear(bus)
    bus.add_filter(ear, ("A", "1"))
    bus.remove_filter(ear, ("A", "2"))
    bus.publish(event("ONE"))
    bus.remove_filter(ear, ("A", "1"))
    bus.publish(event("TWO"))
    assert ear.heard == ["TWO"]


def test_who_left_hears_nothing() -> None:
    bus = Bus()
    ear, filtered = Ear(bus), Ear(bus)
    bus.add_filter(filtered, ("A", "1"))
    bus.leave(ear)
    bus.leave(filtered)
    bus.publish(event("ONE", A="1"))
    assert ear.heard == filtered.heard == []

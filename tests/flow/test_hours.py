from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError, field_validator

from ivr_fsm.flow.hours import BadHours, Hours

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOSCOW = ZoneInfo("Europe/Moscow")
MONDAY = datetime(2024, 7, 1, tzinfo=MOSCOW)

minutes = st.integers(0, 1439)
days = st.integers(0, 6)
moments = st.integers(0, 7 * 1440 - 1)


def week(day: int, clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@pytest.mark.parametrize(
    ("line", "day", "at", "is_open"),
    [
        ("mon-fri 09:00-21:00", 0, "08:59", False),
        ("mon-fri 09:00-21:00", 0, "09:00", True),
        ("mon-fri 09:00-21:00", 4, "20:59", True),
        ("mon-fri 09:00-21:00", 4, "21:00", False),
        ("mon-fri 09:00-21:00", 5, "12:00", False),
        ("MON-fri  09:00 - 21:00 ", 0, "12:00", True),
        ("sat,sun 10:00-18:00", 6, "12:00", True),
        ("sat,sun 10:00-18:00", 0, "12:00", False),
        ("mon-tue,thu 10:00-18:00", 2, "12:00", False),
        ("mon-tue,thu 10:00-18:00", 3, "12:00", True),
        ("fri-mon 10:00-18:00", 0, "12:00", True),
        ("fri-mon 10:00-18:00", 1, "12:00", False),
        ("mon-sun 00:00-24:00", 6, "23:59", True),
        ("mon 00:00-24:00", 1, "00:00", False),
        ("mon 22:00-00:00", 0, "23:59", True),
        ("mon 22:00-00:00", 1, "00:00", False),
        ("fri 20:00-02:00", 4, "20:00", True),
        ("fri 20:00-02:00", 5, "01:59", True),
        ("fri 20:00-02:00", 5, "02:00", False),
        ("fri 20:00-02:00", 4, "01:00", False),
        ("sun 20:00-02:00", 0, "01:00", True),
        ("sun 20:00-02:00", 6, "01:00", False),
    ],
)
def test_days_and_times(line: str, day: int, at: str, is_open: bool) -> None:
    assert Hours.parse([line], "Europe/Moscow").is_open(week(day, at)) is is_open


def test_two_lines_of_one_day_are_a_break() -> None:
    hours = Hours.parse(["mon 09:00-13:00", "mon 14:00-18:00"], "Europe/Moscow")
    assert [hours.is_open(week(0, at)) for at in ("12:59", "13:30", "14:00")] == [True, False, True]


def test_the_zone_of_the_schedule_counts_not_the_one_of_the_time() -> None:
    hours = Hours.parse(["mon-fri 09:00-21:00"], "Asia/Vladivostok")
    assert hours.is_open(datetime(2024, 7, 1, 9, tzinfo=UTC))
    assert not hours.is_open(datetime(2024, 7, 1, 12, tzinfo=UTC))


def test_hours_follow_the_wall_clock_through_summer_time() -> None:
    hours = Hours.parse(["mon-sun 09:00-10:00"], "Europe/Berlin")
    assert hours.is_open(datetime(2024, 3, 30, 8, 30, tzinfo=UTC))
    assert hours.is_open(datetime(2024, 3, 31, 7, 30, tzinfo=UTC))
    assert not hours.is_open(datetime(2024, 3, 31, 8, 30, tzinfo=UTC))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Hours.parse(["mon 09:00-21:00"], "Europe/Moscow").is_open(datetime(2024, 7, 1, 12))


def test_no_lines_are_never_open_and_say_so() -> None:
    hours = Hours.parse([], "Europe/Moscow")
    assert "never open" in hours.never_open
    assert not hours.is_open(MONDAY)
    assert Hours.parse(["mon 09:00-21:00"], "Europe/Moscow").never_open == ""


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "is not like"),
        ("always", "is not like"),
        ("mon 9:00-21:00", "is not like"),
        ("mon 09:00-21:00\nx", "is not like"),
        ("mon ٠٩:00-21:00", "is not like"),
        ("mo 09:00-21:00", "'mo' is not a day"),
        ("mon- 09:00-21:00", "'' is not a day"),
        ("mon,,tue 09:00-21:00", "'' is not a day"),
        ("mon 09:60-21:00", "00:00 to 24:00"),
        ("mon 09:00-21:60", "00:00 to 24:00"),
        ("mon 24:00-02:00", "00:00 to 24:00"),
        ("mon 09:00-24:01", "00:00 to 24:00"),
        ("mon 09:00-09:00", "same minute"),
    ],
)
def test_a_bad_line_is_quoted(line: str, why: str) -> None:
    with pytest.raises(BadHours) as caught:
        Hours.parse([line], "Europe/Moscow")
    assert repr(line) in str(caught.value)
    assert why in str(caught.value)


@pytest.mark.parametrize("zone", ["", "Moscow", "../etc/passwd", "Europe", "a\0b", "x" * 5000, "\ud800"])
def test_a_bad_zone_is_quoted(zone: str) -> None:
    with pytest.raises(BadHours) as caught:
        Hours.parse([], zone)
    assert repr(zone[:40]) in str(caught.value)


def test_all_mistakes_come_at_once() -> None:
    with pytest.raises(BadHours) as caught:
        Hours.parse(["mo 09:00-21:00", "tue 09:00-21:00", "wed nine"], "Mars")
    assert all(word in str(caught.value) for word in ("'mo'", "'wed nine'", "'Mars'"))


def test_pydantic_reports_bad_hours_as_a_mistake_of_the_field() -> None:
    class Desk(BaseModel):
        hours: list[str]

        @field_validator("hours")
        @classmethod
        def readable(cls, lines: list[str]) -> list[str]:
            Hours.parse(lines, "Europe/Moscow")
            return lines

    with pytest.raises(ValidationError, match="'never' is not like"):
        Desk(hours=["never"])


@given(first=days, last=days, start=minutes, end=st.integers(0, 1440), moment=moments)
def test_open_exactly_when_a_named_day_covers_the_minute(
    first: int, last: int, start: int, end: int, moment: int
) -> None:
    if start == end:
        end += 1
    hours = Hours.parse([f"{DAYS[first]}-{DAYS[last]} {clock(start)}-{clock(end)}"], "Europe/Moscow")
    named = {first}
    while last not in named:
        named.add((max(named, key=lambda day: (day - first) % 7) + 1) % 7)
    day, minute = divmod(moment, 1440)
    today = day in named and start <= minute < (end if end > start else 1440)
    since_yesterday = end < start and (day - 1) % 7 in named and minute < end
    assert hours.is_open(MONDAY + timedelta(minutes=moment)) is (today or since_yesterday)


@given(
    moment=moments, seconds=st.floats(0, 59.9), zone=st.sampled_from(["UTC", "Asia/Tokyo", "America/Lima"])
)
def test_the_same_moment_is_the_same_whatever_zone_it_is_told_in(
    moment: int, seconds: float, zone: str
) -> None:
    hours = Hours.parse(["mon-fri 09:00-21:00", "sat 20:00-02:00"], "Europe/Moscow")
    at = MONDAY + timedelta(minutes=moment)
    assert hours.is_open((at + timedelta(seconds=seconds)).astimezone(ZoneInfo(zone))) is hours.is_open(at)


@given(lines=st.lists(st.text(), max_size=3), zone=st.text(max_size=20))
def test_garbage_raises_nothing_but_bad_hours(lines: list[str], zone: str) -> None:
    try:
        hours = Hours.parse(lines, zone)
    except BadHours:
        return
    assert hours.is_open(MONDAY) in (True, False)

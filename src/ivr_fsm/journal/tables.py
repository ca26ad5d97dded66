"""The tables of the journal. Times are microseconds since 1970 (UTC); a migration describes each change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, Table, Text

METADATA = MetaData()

_Key = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts by itself only what is called INTEGER."""

CALLS = Table(
    "calls",
    METADATA,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column(
        "call", Text, nullable=False, comment="Unique-ID of the caller leg; a caller leg may be a call twice"
    ),
    Column("started", BigInteger, nullable=False),
    Column("phone", Text, nullable=False, comment="E.164; empty: hidden, or forgotten"),
    Column("called", Text, nullable=False),
    Column("instance", Text, nullable=False),
    Column("flow", Text, nullable=False, comment="revision of the flow"),
    Column("plan", Text, nullable=False, comment="revision of the plan"),
    Column("kind", Text, nullable=False, comment="order, other, partner; empty: not identified"),
    Column("name", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("shop", Text, nullable=False, comment="name of the shop that the call is about"),
    Column("state", Text, nullable=False),
    Column("since", BigInteger, nullable=False, comment="when that state was entered"),
    Column("answered_by", Text, nullable=False, comment="target whose phone the caller talked to last"),
    Column("answered_phone", Text, nullable=False),
    Column("answered", BigInteger, comment="when the caller first heard somebody"),
    Column("talk", BigInteger, nullable=False, comment="microseconds of conversation, of all of them"),
    Column("outcome", Text, nullable=False),
    Column("ended", BigInteger, comment="when the outcome was decided"),
    Column("lost", BigInteger, comment="when it was noticed that its instance had died during the call"),
    Column("refused", Text, nullable=False, comment="why the service did not take the call"),
    Column("forgotten", BigInteger, comment="when the personal data of the call were removed"),
    Column("reported", BigInteger, comment="when the marketplace was told of its end, or that was given up"),
    Column("report_error", Text, nullable=False, server_default="", comment="why it was given up"),
    Column("recording", Text, comment="ok, or what is wrong with it; empty: none; null: not looked at"),
    Column("recording_seconds", Float, comment="how much sound it has"),
    Column("back", Text, nullable=False, server_default="", comment="id of the call that it calls back"),
    Column("told", BigInteger, comment="when the watchers of the channel had been told all of it"),
    Column("claimed", BigInteger, comment="when somebody began to call the caller back"),
    Column("claimed_until", BigInteger, comment="when that is over by itself"),
    Column("done", BigInteger, comment="when somebody said that nothing is left to do"),
    Index("calls_call", "call"),
    Index("calls_started", "started"),
    Index("calls_phone", "phone", "started"),
    Index("calls_outcome", "outcome", "started"),
    Index("calls_answered_by", "answered_by", "started"),
    Index("calls_answered_phone", "answered_phone", "started"),
)
Index(
    "calls_unreported",
    CALLS.c.instance,
    CALLS.c.key,
    sqlite_where=CALLS.c.reported.is_(None),
    postgresql_where=CALLS.c.reported.is_(None),
)
Index(
    "calls_unexamined",
    CALLS.c.instance,
    CALLS.c.key,
    sqlite_where=CALLS.c.recording.is_(None),
    postgresql_where=CALLS.c.recording.is_(None),
)
Index(
    "calls_untold",
    CALLS.c.instance,
    CALLS.c.key,
    sqlite_where=CALLS.c.told.is_(None),
    postgresql_where=CALLS.c.told.is_(None),
)
_CLAIMED = CALLS.c.claimed.is_not(None) & CALLS.c.done.is_(None)
Index("calls_claimed", CALLS.c.claimed, sqlite_where=_CLAIMED, postgresql_where=_CLAIMED)
Index("calls_back", CALLS.c.back, sqlite_where=CALLS.c.back != "", postgresql_where=CALLS.c.back != "")
LIVE = CALLS.c.ended.is_(None) & CALLS.c.lost.is_(None)
"""Of a call that is on now. Written like this, it is found in its index."""
Index("calls_live", CALLS.c.key, sqlite_where=LIVE, postgresql_where=LIVE)

OF_THE_PERSON = frozenset({"phone", "name", "order_id"})
"""Columns that are not written again once they were removed."""

OF_THE_CALL = (
    frozenset(column.name for column in CALLS.c)
    - OF_THE_PERSON
    - frozenset({"key", "forgotten", "reported", "report_error", "recording", "recording_seconds"})
    - frozenset({"told", "claimed", "claimed_until", "done"})
)
"""Columns that a call's steps change; of the others their writer knows nothing."""

STEPS = Table(
    "steps",
    METADATA,
    Column("id", _Key, primary_key=True),
    Column("key", BigInteger, nullable=False),
    Column("number", Integer, nullable=False, comment="from 1, without gaps"),
    Column("at", BigInteger, nullable=False),
    Column("mono", Float, nullable=False, comment="seconds of the instance's monotonic clock"),
    Column("event", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("body", Text, nullable=False, comment="JSON: event, leg, judged, commands, fault"),
    Index("steps_key_number", "key", "number", unique=True),
    # No place is given twice, though the newest steps were removed: who follows the journal counts on it.
    sqlite_autoincrement=True,
)

PLANS = Table(
    "plans",
    METADATA,
    Column("revision", Text, primary_key=True),
    Column("first_used", BigInteger, nullable=False),
    Column("plan", Text, nullable=False, comment="JSON"),
)

GAPS = Table(
    "gaps",
    METADATA,
    Column("id", _Key, primary_key=True),
    Column("instance", Text, nullable=False),
    Column("began", BigInteger, nullable=False),
    Column("ended", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Column("late", Integer, nullable=False, comment="steps written after their commands had left"),
    Column("lost", Integer, nullable=False, comment="steps that were never written"),
)

FOLLOW_UPS = Table(
    "follow_ups",
    METADATA,
    Column("id", _Key, primary_key=True),
    Column("key", BigInteger, nullable=False, comment="the call that was over"),
    Column("at", BigInteger, nullable=False),
    Column("what", Text, nullable=False, comment="call_back, office_silent, call_back_failed, done"),
    Column("by", Text, nullable=False, comment="who pressed the button"),
    Index("follow_ups_key", "key", "id"),
    sqlite_autoincrement=True,
)

CARDS = Table(
    "cards",
    METADATA,
    Column("key", BigInteger, primary_key=True, autoincrement=False, comment="the call"),
    Column("channel", Text, nullable=False),
    Column("ts", Text, nullable=False, comment="Slack's name of its message; empty: not posted"),
    Column("posted", Text, nullable=False, comment="JSON: up to where its thread has been written"),
    Column("sending", Text, nullable=False, comment="JSON: what was on its way when this was written"),
    Column("error", Text, nullable=False, comment="why its message was given up"),
)

WISHES = Table(
    "wishes",
    METADATA,
    Column("id", _Key, primary_key=True),
    Column("instance", Text, nullable=False, comment="whose call it is"),
    Column("key", BigInteger, nullable=False, comment="the call"),
    Column("what", Text, nullable=False, comment="office, call_centre, stop"),
    Column("by", Text, nullable=False, comment="who pressed the button"),
    sqlite_autoincrement=True,
)

SWITCHES = Table(
    "switches",
    METADATA,
    Column("id", _Key, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("mode", Text, nullable=False, comment="on, off, hours"),
    Column("by", Text, nullable=False),
    sqlite_autoincrement=True,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Return an aware time as microseconds since 1970, exactly."""
    return (at - _EPOCH) // _MICROSECOND


def moment(at: int) -> datetime:
    """Return the time that `micros` was given, in UTC."""
    return _EPOCH + at * _MICROSECOND

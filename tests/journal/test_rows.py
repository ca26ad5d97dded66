"""What is written of a call can be written, whatever is in it."""

from __future__ import annotations

from tests.flow.clock import CALL_ID, NOON, PHONE

from ivr_fsm.flow.events import CallArrived
from ivr_fsm.journal.rows import LONGEST, Origin, gap_row, refused_row

HOST = "host\udcff\0" + "x" * LONGEST


def test_the_name_of_the_instance_is_cleaned() -> None:
    gap = gap_row(1, HOST, NOON, NOON, "full disk", late=0, lost=0)
    call = refused_row(1, CallArrived(CALL_ID, PHONE), "", NOON, Origin(HOST, "f", "p"))
    assert gap["instance"] == call["instance"]
    assert gap["instance"].startswith("host?\ufffdx")
    assert len(gap["instance"]) == LONGEST

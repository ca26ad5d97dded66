"""What of a call may be seen by whom."""

from __future__ import annotations

from datetime import UTC

import pytest

from ivr_fsm.web.inspector.look import Look
from ivr_fsm.web.inspector.showing import Showing


@pytest.mark.parametrize("number", ["79161234567", "8-916-123-45-67", "%2B79161234567"])
def test_no_link_has_a_number_for_those_who_may_not_see_it(number: str) -> None:
    url = f"https://market.example/customers/{number}/orders"
    assert Showing(Look(numbers=False), UTC).link(url) == ""
    assert Showing(Look(), UTC).link(url) == url
    assert Showing(Look(numbers=False), UTC).link("https://market.example/orders/10542") != ""


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "https://", "https://a b", "https://[", "//x"])
def test_what_is_no_link_is_none(url: str) -> None:
    assert Showing(Look(), UTC).link(url) == ""

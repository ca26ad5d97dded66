"""The example that ships with the package: the demo's phones, and a template that says true things."""

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

import ivr_fsm
from ivr_fsm.directory.contents import Contents, load
from ivr_fsm.directory.port import Answerer
from ivr_fsm.flow.caller import Customer, Partner

EXAMPLE = Path(ivr_fsm.__file__).parent / "examples" / "directory.toml"
PHONES = re.compile(r"7495111\d{4}|7916123\d{4}")
MOMENTS = [datetime(2024, 7, day, hour, tzinfo=UTC) for day in (1, 7) for hour in (0, 9, 20)]


def as_yaml(path: Path) -> Path:
    path.write_text(yaml.safe_dump(tomllib.loads(EXAMPLE.read_text("utf-8")), allow_unicode=True), "utf-8")
    return path


@pytest.fixture(params=["toml", "yaml"])
def contents(request: pytest.FixtureRequest, tmp_path: Path) -> Contents:
    return load(EXAMPLE if request.param == "toml" else as_yaml(tmp_path / "directory.yaml"), "RU")


@pytest.mark.parametrize("at", MOMENTS, ids=str)
@pytest.mark.parametrize(
    ("phone", "phones", "is_open"),
    [
        ("+79161234567", ("74951110001", "74951110002"), True),
        ("+79161234568", ("74951110005",), False),
        ("+79161234570", ("8{800}",), True),
    ],
)
def test_orders_at_any_time_of_day(
    contents: Contents, phone: str, phones: tuple[str, ...], is_open: bool, at: datetime
) -> None:
    caller = contents.caller(phone, at)
    assert isinstance(caller, Customer) and caller.order is not None
    assert (caller.order.shop.phones, caller.order.shop.open_now) == (phones, is_open)


def test_the_others(contents: Contents) -> None:
    order = contents.caller("+79161234567", MOMENTS[0])
    assert isinstance(order, Customer) and order.order is not None
    assert (order.order.id, order.order.shop.name) == ("10542", "Цветы на Арбате")
    known = contents.caller("+79161234569", MOMENTS[0])
    assert isinstance(known, Customer) and known.order is None
    assert isinstance(contents.caller("+74951110001", MOMENTS[0]), Partner)
    names = [contents.answerer(f"+7495111001{n}").name for n in (1, 2, 3)]
    assert names == ["Анна", "Борис", "Вера"]
    assert contents.answerer("+74951110021") == Answerer(None, "Колл-центр, круглосуточно")
    assert len(contents.warnings) == 1


def test_both_languages_of_file_say_the_same(tmp_path: Path) -> None:
    from_toml, from_yaml = load(EXAMPLE, "RU"), load(as_yaml(tmp_path / "directory.yaml"), "RU")
    assert (from_toml.shops, from_toml.clients, from_toml.people) == (
        from_yaml.shops,
        from_yaml.clients,
        from_yaml.people,
    )


def test_the_sample_of_hours_works_when_uncommented(tmp_path: Path) -> None:
    text = EXAMPLE.read_text("utf-8")
    start = text.index("# [[shops]]")
    end = text.index("# ]\n", start) + len("# ]\n")
    path = tmp_path / "directory.toml"
    path.write_text(text[:start] + re.sub("(?m)^# ?", "", text[start:end]) + text[end:], "utf-8")
    contents = load(path, "RU")
    saturday_1_am_moscow, saturday_3_am_moscow = (datetime(2024, 7, 5, hour, tzinfo=UTC) for hour in (22, 23))
    caller = contents.caller("+74951110006", saturday_1_am_moscow)
    assert isinstance(caller, Partner) and caller.shop.open_now
    caller = contents.caller("+74951110006", saturday_3_am_moscow)
    assert isinstance(caller, Partner) and not caller.shop.open_now


def test_every_phone_is_fictional() -> None:
    assert all(PHONES.fullmatch(digits) for digits in re.findall(r"\d{10,}", EXAMPLE.read_text("utf-8")))

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr_fsm.directory.contents import Contents, load
from ivr_fsm.directory.port import Answerer, DirectoryError
from ivr_fsm.flow.caller import Customer, Order, Partner, Shop, Unknown

MONDAY_NOON = datetime(2024, 7, 1, 9, tzinfo=UTC)
MONDAY_NIGHT = datetime(2024, 7, 1, 20, tzinfo=UTC)

SHOP = '[[shops]]\nid = "s1"\nname = "Роза"\nphones = ["74951110001"]\n'
SHOP_2 = '[[shops]]\nid = "s2"\nname = "Мята"\nphones = ["74951110002"]\n'
CUSTOMER = '[[customers]]\nphones = ["79161234567"]\nname = "Мария"\n'
ORDER = '[[orders]]\nid = "1"\nshop = "s1"\ncustomer = "79161234567"\n'
GOOD = SHOP + SHOP_2 + CUSTOMER + ORDER


def read(tmp_path: Path, text: str) -> Contents:
    path = tmp_path / "directory.toml"
    path.write_text(text, "utf-8")
    return load(path, "RU")


def mistakes(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(DirectoryError) as caught:
        read(tmp_path, text)
    prefix = f"{tmp_path / 'directory.toml'}: "
    lines = str(caught.value).splitlines()
    assert all(line.startswith(prefix) for line in lines)
    return [line.removeprefix(prefix) for line in lines]


def test_everything_about_a_customer_with_an_order(tmp_path: Path) -> None:
    contents = read(
        tmp_path,
        """
        [[shops]]
        id = "s1"
        name = "Роза"
        city = "Москва"
        link = "https://market.example/s1"
        phones = ["8 (495) 111-00-01", "+7 495 111 00 02"]
        [[customers]]
        phones = ["8 916 123-45-67"]
        name = "Мария"
        orders_link = "https://market.example/c1"
        [[orders]]
        id = "10542"
        shop = "s1"
        customer = "+79161234567"
        status = "Собирается"
        address = "Арбат, 10"
        link = "https://market.example/o1"
        """,
    )
    shop = Shop(
        "s1",
        "Роза",
        "Москва",
        "https://market.example/s1",
        ("8 (495) 111-00-01", "+7 495 111 00 02"),
        open_now=True,
    )
    assert contents.caller("+79161234567", MONDAY_NOON) == Customer(
        "Мария",
        Order("10542", shop, "Собирается", "Арбат, 10", "https://market.example/o1"),
        "https://market.example/c1",
    )
    assert contents.caller("+74951110002", MONDAY_NOON) == Partner(shop)
    assert contents.warnings == ()


def test_a_stranger_is_unknown_without_a_reason(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD).caller("+79990000000", MONDAY_NOON) == Unknown()


def test_an_empty_file_knows_nobody(tmp_path: Path) -> None:
    assert read(tmp_path, "").caller("+79161234567", MONDAY_NOON) == Unknown()


def test_an_order_that_is_over_does_not_count(tmp_path: Path) -> None:
    caller = read(tmp_path, GOOD + "active = false").caller("+79161234567", MONDAY_NOON)
    assert caller == Customer("Мария")


def test_of_several_active_orders_the_last_in_the_file_counts(tmp_path: Path) -> None:
    others = ORDER.replace('"1"', '"2"') + ORDER.replace('"1"', '"3"') + "active = false\n"
    caller = read(tmp_path, GOOD + others).caller("+79161234567", MONDAY_NOON)
    assert isinstance(caller, Customer) and caller.order is not None
    assert caller.order.id == "2"


def test_an_order_is_found_from_any_phone_of_its_customer(tmp_path: Path) -> None:
    contents = read(tmp_path, GOOD.replace('["79161234567"]', '["79161234567", "79161234568"]'))
    assert contents.caller("+79161234568", MONDAY_NOON) == contents.caller("+79161234567", MONDAY_NOON)


def test_a_phone_of_both_a_shop_and_a_customer_is_the_shops(tmp_path: Path) -> None:
    contents = read(tmp_path, GOOD.replace("74951110001", "79161234567"))
    assert isinstance(contents.caller("+79161234567", MONDAY_NOON), Partner)


@pytest.mark.parametrize(
    ("line", "at", "is_open"),
    [
        ("", MONDAY_NIGHT, True),
        ("open = true", MONDAY_NIGHT, True),
        ("open = false", MONDAY_NOON, False),
        ('hours = ["mon-fri 09:00-21:00"]', MONDAY_NOON, True),
        ('hours = ["mon-fri 09:00-21:00"]', MONDAY_NIGHT, False),
        ('hours = ["mon-fri 09:00-21:00"]\nzone = "America/New_York"', MONDAY_NIGHT, True),
        ('hours = ["mon 20:00-02:00"]', MONDAY_NIGHT, True),
    ],
)
def test_a_shop_is_open_by_its_own_word_or_its_hours(
    tmp_path: Path, line: str, at: datetime, is_open: bool
) -> None:
    contents = read(tmp_path, SHOP + line + "\n" + CUSTOMER + ORDER)
    partner, customer = contents.caller("+74951110001", at), contents.caller("+79161234567", at)
    assert isinstance(partner, Partner) and isinstance(customer, Customer) and customer.order is not None
    assert partner.shop.open_now is is_open
    assert customer.order.shop.open_now is is_open


def test_who_is_at_a_number(tmp_path: Path) -> None:
    contents = read(
        tmp_path,
        GOOD.replace('"Мята"', '"Мята"\ncity = "Тула"')
        + """
        [[office]]
        phone = "8 495 111-00-11"
        name = "Анна"
        [[office]]
        phone = "104"
        name = "Борис"
        description = "логист"
        [[call_centre]]
        phone = "74951110021"
        description = "Колл-центр"
        """,
    )
    assert contents.answerer("+74951110011") == Answerer("Анна", "")
    assert contents.answerer("104") == Answerer("Борис", "логист")
    assert contents.answerer("+74951110021") == Answerer(None, "Колл-центр")
    assert contents.answerer("+74951110001") == Answerer(None, "Роза")
    assert contents.answerer("+74951110002") == Answerer(None, "Мята, Тула")
    assert contents.answerer("+79990000000") == Answerer(None, "+79990000000")


def test_shop_phones_that_are_none_are_kept_and_named(tmp_path: Path) -> None:
    contents = read(tmp_path, GOOD.replace('"74951110001"', '"8{800}", "74951110001", "звоните"'))
    caller = contents.caller("+79161234567", MONDAY_NOON)
    assert isinstance(caller, Customer) and caller.order is not None
    assert caller.order.shop.phones == ("8{800}", "74951110001", "звоните")
    first, second = contents.warnings
    assert "directory.toml: shops[0].phones[0]: '8{800}' is not a phone number" in first
    assert "shops[0].phones[2]: 'звоните'" in second


def test_a_shop_without_phones_is_named(tmp_path: Path) -> None:
    (warning,) = read(tmp_path, GOOD.replace('["74951110001"]', "[]")).warnings
    assert "shops[0].phones: nobody to ring at s1" in warning


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ('name = "Роза"', "", "shops[0].name: is missing"),
        ('name = "Роза"', 'name = " "', "shops[0].name: must not be empty"),
        ('name = "Роза"', "name = 5", "shops[0].name: must be text: put it in quotes"),
        (
            'phones = ["74951110001"]',
            "phones = [74951110001]",
            "shops[0].phones[0]: must be text: put it in quotes",
        ),
        ('phones = ["74951110001"]', 'phones = "7"', "shops[0].phones: must be a list, in square brackets"),
        ('phones = ["79161234567"]', "phones = []", "customers[0].phones: must have at least one"),
        (
            'phones = ["79161234567"]',
            'phone = "79161234567"',
            "customers[0].phone: no such field; known: phones, name, orders_link",
        ),
        ('customer = "79161234567"', 'customer = "x"', "orders[0].customer: 'x' is not a phone number"),
        (
            '"Роза"',
            '"Роза"\nlink = "javascript:alert(1)"',
            "shops[0].link: must be a link that starts with https://",
        ),
        ('"Роза"', '"Роза"\nopen = "yes"', "shops[0].open: must be true or false, without quotes"),
        (
            '"Роза"',
            '"Роза"\nhours = ["mo 09:00-21:00"]',
            "shops[0].hours: 'mo 09:00-21:00': 'mo' is not a day",
        ),
        ('"Роза"', '"Роза"\nhours = []', "shops[0].hours: there are no hours in it"),
        ('"Роза"', '"Роза"\nzone = "Mars"', "shops[0].zone: 'Mars' is not a time zone"),
        ('"Роза"', '"Роза"\nopen = true\nhours = ["mon 09:00-21:00"]', "shops[0]: has both open and hours"),
        ('shop = "s1"', 'shop = "s9"', 'orders[0].shop: no shop has the id "s9"; known: s1, s2'),
        (
            'customer = "79161234567"',
            'customer = "79161234560"',
            "orders[0].customer: no customer has this phone",
        ),
        ('id = "s2"', 'id = "s1"', "shops[1].id: the same as shops[0].id: remove one of them"),
        ('"74951110002"', '"8 495 111-00-01"', "shops[1].phones[0]: the same as shops[0].phones[0]"),
        (
            "[[shops]]",
            "[[shop]]",
            "shop: no such section; known: shops, customers, orders, office, call_centre",
        ),
        ("[[customers]]", "[customers]", "customers: must be a list: [[customers]] above each entry"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_the_remedy(
    tmp_path: Path, old: str, new: str, mistake: str
) -> None:
    assert any(line.startswith(mistake) for line in mistakes(tmp_path, GOOD.replace(old, new)))


@pytest.mark.parametrize(
    ("more", "mistake"),
    [
        (ORDER, "orders[1].id: the same as orders[0].id"),
        (CUSTOMER, "customers[1].phones[0]: the same as customers[0].phones[0]"),
        ('[[office]]\nphone = "104"\n', "office[0]: needs a name or a description"),
        ('[[office]]\nname = "Анна"\n', "office[0].phone: is missing"),
        (
            '[[office]]\nphone = "104"\nname = "Анна"\n[[call_centre]]\nphone = "104"\nname = "Вера"\n',
            "call_centre[0].phone: the same as office[0].phone",
        ),
    ],
)
def test_a_mistake_in_an_added_entry_is_told(tmp_path: Path, more: str, mistake: str) -> None:
    (line,) = mistakes(tmp_path, GOOD + more)
    assert line.startswith(mistake)


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    text = (
        SHOP.replace("name", "nam")
        + SHOP_2
        + CUSTOMER
        + ORDER.replace("s1", "s9")
        + '[[office]]\nphone = "x"\nname = "Анна"\n'
    )
    assert [line.partition(":")[0] for line in mistakes(tmp_path, text)] == [
        "shops[0].name",
        "shops[0].nam",
        "office[0].phone",
        "orders[0].shop",
    ]


def test_an_entry_with_a_mistake_is_not_missed_by_those_who_name_it(tmp_path: Path) -> None:
    text = GOOD.replace('name = "Роза"', "").replace('name = "Мария"', "").replace('["79', '["+7 (9')
    text = text.replace("(9161", "(916) 1")
    assert mistakes(tmp_path, text) == ["shops[0].name: is missing", "customers[0].name: is missing"]


def test_only_some_of_many_known_ids_are_listed(tmp_path: Path) -> None:
    shops = "".join(f'[[shops]]\nid = "s{n}"\nname = "Роза"\n' for n in range(1, 13))
    (line,) = mistakes(tmp_path, shops + CUSTOMER + ORDER.replace('"s1"', '"s99"'))
    assert line.endswith("known: s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, …")
    (line,) = mistakes(tmp_path, CUSTOMER + ORDER)
    assert line.endswith("known: none")


def test_mistakes_do_not_tell_whose_phone_it_is(tmp_path: Path) -> None:
    told = mistakes(tmp_path, GOOD + CUSTOMER + ORDER.replace('"1"', '"2"').replace("4567", "4560"))
    assert len(told) == 2
    assert "916" not in " ".join(told)


def test_a_mistake_stays_in_its_line_whatever_it_quotes(tmp_path: Path) -> None:
    told = mistakes(tmp_path, GOOD.replace('shop = "s1"', 'shop = "s\\n\\u001b9"') + '"\\u2028" = 1\n')
    assert told[0].startswith("orders[0]. : no such field")
    assert len(mistakes(tmp_path, GOOD.replace('shop = "s1"', 'shop = "s\\n9"'))) == 1

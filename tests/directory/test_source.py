import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ivr_fsm.directory import source
from ivr_fsm.directory.contents import SECTIONS, load
from ivr_fsm.directory.port import DirectoryError
from ivr_fsm.directory.source import read_source
from ivr_fsm.flow.caller import Unknown

EXAMPLE = (Path(source.__file__).parents[1] / "examples" / "directory.toml").read_text("utf-8")
FIELDS = [
    "id",
    "name",
    "phones",
    "phone",
    "open",
    "zone",
    "hours",
    "shop",
    "customer",
    "active",
    "link",
    "<<",
]

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("79161234567")
)
values = scalars | st.lists(scalars, max_size=3) | st.dictionaries(st.text(max_size=4), scalars, max_size=2)
entries = st.dictionaries(st.sampled_from(FIELDS), values, max_size=6) | values
documents = st.dictionaries(
    st.sampled_from(SECTIONS) | st.text(max_size=4), st.lists(entries, max_size=3) | values
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("garbage")


def only_documented_errors(path: Path) -> None:
    try:
        load(path, "RU")
    except DirectoryError as error:
        assert str(error)
        assert all(line.startswith(f"{path}: ") for line in str(error).split("\n"))


@given(data=st.binary(max_size=200), suffix=st.sampled_from(["toml", "yaml"]))
@example(data=b"\xff\xfe", suffix="toml")
@example(data=b"", suffix="yaml")
@example(data=b"&a [*a]", suffix="yaml")
@example(data=b"? [1, 2]\n: 3", suffix="yaml")
@example(data=b"shops: !!timestamp x", suffix="yaml")
@example(data=b"shops: [!!python/object/apply:os.getcwd []]", suffix="yaml")
@example(data=b"[" * 200_000, suffix="yaml")
@example(data=b"a = " + b"[" * 2_000, suffix="toml")
@example(data=b"a = " + b"9" * 5_000, suffix="toml")
def test_bytes(data: bytes, suffix: str, folder: Path) -> None:
    path = folder / f"bytes.{suffix}"
    path.write_bytes(data)
    only_documented_errors(path)


@given(
    text=st.text(alphabet="-[]{}:=\"'# \n&*!|>shop1", max_size=60), suffix=st.sampled_from(["toml", "yaml"])
)
def test_text(text: str, suffix: str, folder: Path) -> None:
    path = folder / f"text.{suffix}"
    path.write_text(text, "utf-8")
    only_documented_errors(path)


@given(document=documents)
def test_sections_of_anything(document: object, folder: Path) -> None:
    path = folder / "sections.yaml"
    path.write_text(json.dumps(document), "utf-8")
    only_documented_errors(path)


@given(start=st.integers(0, len(EXAMPLE)), length=st.integers(0, 40), put=st.text(max_size=5))
def test_a_good_file_with_a_hole(start: int, length: int, put: str, folder: Path) -> None:
    path = folder / "hole.toml"
    path.write_text(EXAMPLE[:start] + put + EXAMPLE[start + length :], "utf-8")
    only_documented_errors(path)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("d.json", b"{}", "must end in .toml, .yaml or .yml"),
        ("d.toml", b"shops = [", "cannot be read"),
        ("d.yaml", b"shops: [", "cannot be read"),
        ("d.yaml", b"- shops", "must consist of sections"),
        ("d.yaml", b"shops: []\nshops: []", "line 2: 'shops' is given twice"),
        ("d.yaml", b"shops: []\n---\nshops: []", "more than one document"),
        ("d.yaml", b"shops: []\n? [1]\n: 2", "line 2: a list or table cannot be a key"),
        ("d.yaml", b"shops: &a []\noffice: *a", "line 2: aliases are not understood here"),
        ("d.yaml", b"shops: " + b"[" * 200_000, "line 1: nested too deeply"),
        ("d.toml", "# цветы".encode("cp1251"), "cannot be read"),
    ],
)
def test_an_unusable_file_is_told(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DirectoryError) as caught:
        read_source(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DirectoryError, match=r"directory\.toml: cannot be read: .*No such file"):
        read_source(tmp_path / "directory.toml")


def test_a_huge_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_BYTES", 10)
    path = tmp_path / "d.toml"
    path.write_text("# 12345678")
    assert read_source(path) == {}
    path.write_text("# 123456789")
    with pytest.raises(DirectoryError, match="larger than"):
        read_source(path)


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "d.TOML"
    path.write_bytes('\ufeff[[shops]]\r\nid = "s1"\r\n'.encode())
    assert read_source(path) == {"shops": [{"id": "s1"}]}


@pytest.mark.parametrize("content", ["", "# nothing", "---", "{}"])
def test_yaml_that_says_nothing_is_an_empty_directory(tmp_path: Path, content: str) -> None:
    path = tmp_path / "d.yaml"
    path.write_text(content)
    assert load(path, "RU").caller("+79161234567", datetime.now(UTC)) == Unknown()


def test_a_yaml_section_of_which_all_is_commented_out_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "d.yaml"
    path.write_text("shops:\n#  - id: s1\ncustomers: []\n")
    assert load(path, "RU").shops == {}


def test_unquoted_yaml_stays_as_written(tmp_path: Path) -> None:
    path = tmp_path / "d.yml"
    path.write_text("phones: [+79161234567, 0123]\nid: 10542\nname: no\nopen: true\n")
    assert read_source(path) == {
        "phones": ["+79161234567", "0123"],
        "id": "10542",
        "name": "no",
        "open": "true",
    }

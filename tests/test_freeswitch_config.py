"""The configuration in freeswitch/, read as FreeSWITCH's own preprocessor (switch_xml.c) would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from ivr_fsm.settings import Settings

ROOT = Path(__file__).parent.parent
CONF = ROOT / "freeswitch" / "conf"
FILES = sorted(CONF.rglob("*.xml"))
COMMAND = re.compile(r'<X-PRE-PROCESS cmd="([a-z-]+)" data="([^"]*)"/>')
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


class Preprocessor:
    """Lines in, lines out: variables, then commands, file by file."""

    def __init__(self) -> None:
        self.variables = {"conf_dir": str(CONF)}
        self.environment: dict[str, str] = {}
        """Which variable each name in the environment sets."""
        self.undefined: set[str] = set()

    def read(self, file: Path) -> Iterator[str]:
        for line in file.read_text("utf-8").splitlines():
            expanded = re.sub(r"\$\$\{(\w+)\}", self._value, line)
            if any(sign in line for sign in ("<include>", "</include>", "<?")):
                continue
            if (command := COMMAND.search(expanded)) is None:
                yield expanded
            elif command[1] == "include":
                included = sorted(file.parent.glob(command[2]))
                assert included, f"{file}: nothing to include at {command[2]}"
                for each in included:
                    yield from self.read(each)
            elif command[1] == "set":
                name, _, value = command[2].partition("=")
                self.variables[name] = value
            else:
                assert command[1] == "env-set"
                name, _, source = command[2].partition("=$")
                assert name in self.variables, f"{source}: no default before it"
                self.environment[source] = name

    def _value(self, found: re.Match[str]) -> str:
        if found[1] not in self.variables:
            self.undefined.add(found[1])
        return self.variables.get(found[1], "")


PREPROCESSOR = Preprocessor()
LOADED = ET.fromstring("\n".join(PREPROCESSOR.read(CONF / "freeswitch.xml")))
VARIABLES = PREPROCESSOR.variables


def params(path: str) -> dict[str, str]:
    return {each.attrib["name"]: each.attrib["value"] for each in LOADED.findall(f"{path}/param")}


def actions(context: str) -> list[tuple[str, str]]:
    found = LOADED.findall(f".//context[@name='{context}']/extension/condition/action")
    return [(each.attrib["application"], each.get("data", "")) for each in found]


CALLS = ["ivr", "ivr-transfer", "ivr-test"]
"""The contexts that a caller leg is in."""


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(CONF)))
def test_each_file_is_well_formed(file: Path) -> None:
    ET.parse(file)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(CONF)))
def test_no_command_hides_in_a_comment_or_beside_another(file: Path) -> None:
    """FreeSWITCH runs the ones in comments too, and only the first of a line."""
    text = file.read_text("utf-8")
    assert not any("PRE-PROCESS" in comment for comment in COMMENT.findall(text))
    for line in text.splitlines():
        assert line.count("PRE-PROCESS") == len(COMMAND.findall(line)) <= 1


def test_each_file_is_loaded() -> None:
    named = {name for file in FILES for _, name in COMMAND.findall(file.read_text("utf-8"))}
    patterns = {Path(name).name for name in named} | {"freeswitch.xml"}
    assert [file for file in FILES if not any(file.match(pattern) for pattern in patterns)] == []


def test_each_variable_is_defined_before_it_is_used_and_used() -> None:
    assert PREPROCESSOR.undefined == set()
    text = "".join(file.read_text("utf-8") for file in FILES)
    assert [name for name in VARIABLES if f"$${{{name}}}" not in text] == []


def test_each_variable_can_come_from_the_environment() -> None:
    assert set(PREPROCESSOR.environment.values()) == set(VARIABLES) - {"conf_dir"}


def test_what_the_service_is_told_too_has_its_name_and_its_default() -> None:
    shared = {name for name in PREPROCESSOR.environment if name.startswith("IVR_")}
    fields = Settings.model_fields
    assert {name.removeprefix("IVR_").lower() for name in shared} <= set(fields)
    assert VARIABLES["ivr_esl_port"] == str(fields["freeswitch_port"].default)
    assert VARIABLES["ivr_esl_password"] == fields["freeswitch_password"].default.get_secret_value()
    assert VARIABLES["ivr_service_1"] == f"{fields['host'].default}:{fields['port'].default}"
    assert Path(VARIABLES["ivr_prompts"]).resolve() == ROOT / "prompts"
    assert fields["transfer_context"].default in CALLS
    assert fields["dial"].default.startswith("sofia/gateway/trunk/")


def test_the_event_socket_is_on_loopback() -> None:
    settings = params(".//configuration[@name='event_socket.conf']/settings")
    assert settings["listen-ip"] == "127.0.0.1"
    assert settings["apply-inbound-acl"] == "loopback.auto"


def test_as_it_stands_nothing_is_open_to_the_outside() -> None:
    for profile in ("trunk", "test"):
        settings = params(f".//profile[@name='{profile}']/settings")
        assert (settings["sip-ip"], settings["rtp-ip"]) == ("127.0.0.1", "127.0.0.1")
    assert ip_network(VARIABLES["ivr_trunk_addresses"]).is_loopback


def test_the_trunk_takes_calls_from_its_list_only_and_no_registrations() -> None:
    settings = params(".//profile[@name='trunk']/settings")
    acl = LOADED.find(f".//network-lists/list[@name='{settings['apply-inbound-acl']}']")
    assert acl is not None
    assert acl.attrib["default"] == "deny"
    assert [node.attrib for node in acl] == [{"type": "allow", "cidr": VARIABLES["ivr_trunk_addresses"]}]
    assert settings["disable-register"] == "true"
    assert settings["context"] == "ivr"


def test_a_softphone_needs_its_password() -> None:
    settings = params(".//profile[@name='test']/settings")
    assert (settings["auth-calls"], settings["accept-blind-reg"]) == ("true", "false")
    assert [user.attrib["id"] for user in LOADED.findall(".//domain[@name='ivr.test']/user")] == [
        "1001",
        "1002",
    ]


def test_only_a_transfer_leads_to_the_transfer_context() -> None:
    contexts = {each.attrib["value"] for each in LOADED.findall(".//profile/settings/param[@name='context']")}
    assert contexts == {"ivr", "ivr-test"}
    assert not any(application in {"transfer", "execute_extension"} for application, _ in actions("ivr"))


def test_a_callee_that_the_caller_sends_on_is_hung_up() -> None:
    variable = LOADED.find(".//gateway[@name='trunk']/variables/variable[@name='force_transfer_context']")
    assert variable is not None
    assert variable.attrib["direction"] == "outbound"
    assert actions(variable.attrib["value"]) == [("hangup", "CALL_REJECTED")]


@pytest.mark.parametrize("context", CALLS)
def test_the_services_come_first_and_the_call_centre_only_after_them(context: str) -> None:
    order = [
        application
        for application, _ in actions(context)
        if application not in {"set", "log", "set_profile_var"}
    ]
    assert order == ["socket", "socket", "answer", "playback", "bridge", "playback", "hangup"]
    sockets = [data for application, data in actions(context) if application == "socket"]
    assert sockets == [f"{VARIABLES[name]} async full" for name in ("ivr_service_1", "ivr_service_2")]


@pytest.mark.parametrize("context", CALLS)
@pytest.mark.parametrize(
    "setting",
    [
        "hangup_after_bridge=true",
        "continue_on_fail=true",
        "playback_terminators=none",
        "force_transfer_context=ivr-transfer",
    ],
)
def test_what_holds_before_any_service_is_asked(context: str, setting: str) -> None:
    done = actions(context)
    first_socket = [application for application, _ in done].index("socket")
    assert ("set", setting) in done[:first_socket]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_recordings_that_it_plays_are_there(language: str) -> None:
    played = [Path(data) for application, data in actions("ivr") if application == "playback"]
    assert [file.name for file in played] == ["SORRY.wav", "FW9.wav"]
    assert all((ROOT / "prompts" / language / file.name).is_file() for file in played)


class TestCompose:
    """compose.yaml and what goes with it."""

    compose = yaml.safe_load((ROOT / "freeswitch" / "compose.yaml").read_text("utf-8"))
    services = compose["services"]

    def folders(self, service: str) -> dict[str, str]:
        """Where each shared folder is."""
        mounts = (mount.split(":") for mount in self.services[service]["volumes"])
        return {source: target for source, target, *_ in mounts}

    def test_both_see_the_same_files_at_the_same_paths(self) -> None:
        switch, service = self.folders("freeswitch"), self.folders("service")
        environment = self.services["service"]["environment"]
        for source, setting in [
            ("../prompts", "IVR_PROMPTS"),
            ("speech", "IVR_SPEECH_CACHE"),
            ("recordings", "IVR_RECORDINGS"),
        ]:
            assert switch[source] == service[source] == environment[setting]

    def test_what_it_sets_are_settings(self) -> None:
        libpq = {"PGPASSWORD"}
        for name in set(self.services["service"]["environment"]) - libpq:
            assert name.removeprefix("IVR_").lower() in Settings.model_fields

    def test_nothing_publishes_a_port(self) -> None:
        assert not any("ports" in service for service in self.services.values())

    def test_each_volume_is_declared(self) -> None:
        named = {
            source for service in self.services for source in self.folders(service) if source[0] not in "./"
        }
        assert named == set(self.compose["volumes"])

    def test_the_example_names_what_is_required_and_what_exists(self) -> None:
        example = (ROOT / "freeswitch" / "env.example").read_text("utf-8")
        names = set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))
        text = (ROOT / "freeswitch" / "compose.yaml").read_text("utf-8")
        required = set(re.findall(r"\$\{(\w+):\?", text))
        assert required <= names
        assert names - required <= set(PREPROCESSOR.environment)


def test_nothing_that_a_caller_says_is_expanded() -> None:
    """FreeSWITCH expands the value of a variable once more: a number of ``${system(…)}`` would be run."""
    text = "".join(file.read_text("utf-8") for file in (CONF / "dialplan").rglob("*.xml"))
    assert not re.search(r"(?<!\$)\$\{(caller|sip|destination|effective|origination)", text)

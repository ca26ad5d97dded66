"""The ``api`` commands of the switch, and what they answer.

Answers are those of the traces; where these are silent, those of mod_commands.c.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ivr_fsm.simulator.bridging import Bridge, transfer

if TYPE_CHECKING:
    from ivr_fsm.simulator.channel import Channel
    from ivr_fsm.simulator.switch import SimulatedSwitch

NO_CHANNEL = "-ERR No such channel!\n"
OK = "+OK\n"


def run_api(switch: SimulatedSwitch, line: str) -> str:
    """Return the answer of *switch* to the api command *line*."""
    name, _, argument = line.strip().partition(" ")
    handler = _COMMANDS.get(name)
    if handler is None:
        return f"-ERR {name} Command not found!\n"
    return handler(switch, argument.strip())


def _alive(switch: SimulatedSwitch, uuid: str) -> Channel | None:
    channel = switch.channels.get(uuid)
    return channel if channel and channel.alive else None


def _uuid_break(switch: SimulatedSwitch, argument: str) -> str:
    uuid, _, which = argument.partition(" ")
    channel = _alive(switch, uuid)
    if channel is None:
        return NO_CHANNEL
    channel.player.interrupt(flush=which == "all")
    return OK


def _uuid_kill(switch: SimulatedSwitch, argument: str) -> str:
    uuid, _, cause = argument.partition(" ")
    channel = _alive(switch, uuid)
    if channel is None:
        return NO_CHANNEL
    channel.kill(cause or "NORMAL_CLEARING")
    return OK


def _uuid_bridge(switch: SimulatedSwitch, argument: str) -> str:
    a_uuid, _, b_uuid = argument.partition(" ")
    a, b = _alive(switch, a_uuid), _alive(switch, b_uuid)
    if a is None or b is None or a is b:
        return "-ERR Invalid uuid\n"
    if not (a.answered and b.answered):
        return switch.refuse(f"uuid_bridge {argument}: a leg is not answered")
    Bridge(a, b)
    return f"+OK {b_uuid}\n"


def _uuid_setvar(switch: SimulatedSwitch, argument: str) -> str:
    uuid, _, assignment = argument.partition(" ")
    name, _, value = assignment.partition(" ")
    if not name:
        return "-USAGE: <uuid> <var> [value]\n"
    channel = _alive(switch, uuid)
    if channel is None:
        return NO_CHANNEL
    # The switch's own reading of its arguments (trace missing-prompt-and-newline-in-variable).
    channel.set_variable(name, value.replace("\\n", "\n"))
    return OK


def _uuid_getvar(switch: SimulatedSwitch, argument: str) -> str:
    uuid, _, name = argument.partition(" ")
    channel = _alive(switch, uuid)
    return NO_CHANNEL if channel is None else channel.variables.get(name, "_undef_")


def _uuid_record(switch: SimulatedSwitch, argument: str) -> str:
    uuid, action, path = [*argument.split(" ", 2), "", ""][:3]
    channel = _alive(switch, uuid)
    if channel is None:
        return "-ERR Cannot locate session!\n"
    if action == "start" and path:
        switch.later(0, channel.recorder.start, path)
        return "+OK Success\n"
    if action == "stop" and channel.recorder.stop("" if path == "all" else path):
        return "+OK Success\n"
    return "-ERR Operation failed\n"


def _uuid_exists(switch: SimulatedSwitch, argument: str) -> str:
    return "true" if _alive(switch, argument) else "false"


def _uuid_transfer(switch: SimulatedSwitch, argument: str) -> str:
    uuid, number, _, context = [*argument.split(), "", "", "", ""][:4]
    channel = _alive(switch, uuid)
    if channel is None:
        return NO_CHANNEL
    if not number or number.startswith("-") or channel.dialplan is None:
        return switch.refuse(f"uuid_transfer {argument}: only a caller leg itself goes to a number")
    switch.later(switch.latency.step, transfer, channel, number, context or channel.context)
    return OK


def _create_uuid(switch: SimulatedSwitch, argument: str) -> str:  # noqa: ARG001
    return switch.new_uuid()


def _status(switch: SimulatedSwitch, argument: str) -> str:  # noqa: ARG001
    count = len(switch.channels)
    return f"UP {int(switch.clock.now())} seconds\nSimulated switch is ready\n{count} session(s)\n"


def _show(switch: SimulatedSwitch, argument: str) -> str:
    if argument != "channels count":
        return switch.refuse(f"show {argument}: only 'show channels count' is done")
    return f"\n{len(switch.channels)} total.\n"


def _originate(switch: SimulatedSwitch, argument: str) -> str:
    return switch.refuse(f"api originate {argument}: it would block the connection; use bgapi")


_COMMANDS: dict[str, Callable[[SimulatedSwitch, str], str]] = {
    "create_uuid": _create_uuid,
    "originate": _originate,
    "show": _show,
    "status": _status,
    "uuid_break": _uuid_break,
    "uuid_bridge": _uuid_bridge,
    "uuid_exists": _uuid_exists,
    "uuid_getvar": _uuid_getvar,
    "uuid_kill": _uuid_kill,
    "uuid_record": _uuid_record,
    "uuid_setvar": _uuid_setvar,
    "uuid_transfer": _uuid_transfer,
}

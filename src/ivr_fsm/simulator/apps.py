"""Dialplan applications that ``sendmsg`` can execute."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ivr_fsm.simulator.execute import Execute

if TYPE_CHECKING:
    from ivr_fsm.simulator.channel import Channel


def run(channel: Channel, app: Execute) -> None:
    """Run *app* on *channel*; one that does not exist ends the channel (trace ``bad-gateway-…``)."""
    runner = _APPS.get(app.name)
    if runner is None:
        channel.hangup("DESTINATION_OUT_OF_ORDER")
    else:
        runner(channel, app)


def _answer(channel: Channel, app: Execute) -> None:
    channel.answer()
    channel.complete(app)


def _playback(channel: Channel, app: Execute) -> None:
    channel.player.play(app)


def _ring_ready(channel: Channel, app: Execute) -> None:
    channel.emit("CHANNEL_PROGRESS")
    channel.complete(app)


def _set(channel: Channel, app: Execute) -> None:
    name, _, value = app.argument.partition("=")
    channel.set_variable(name, value)
    channel.complete(app)


def _unset(channel: Channel, app: Execute) -> None:
    channel.set_variable(app.argument, "")
    channel.complete(app)


def _park(channel: Channel, app: Execute) -> None:  # noqa: ARG001
    channel.report_park()


def _hangup(channel: Channel, app: Execute) -> None:
    channel.hangup(app.argument or "NORMAL_CLEARING", app)


_APPS: dict[str, Callable[[Channel, Execute], None]] = {
    "answer": _answer,
    "hangup": _hangup,
    "park": _park,
    "playback": _playback,
    "ring_ready": _ring_ready,
    "set": _set,
    "unset": _unset,
}

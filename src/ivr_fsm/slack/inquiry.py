"""Whether Slack knows our tokens and lets us into the channels, asked before there is a call to tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ivr_fsm.slack.bolt import Keys
from ivr_fsm.slack.chat import ChatError, ChatRefused
from ivr_fsm.slack.slackchat import SlackChat


@dataclass(frozen=True, slots=True)
class Found:
    """What Slack says.

    Attributes:
        who: who we are there, like ``calls in Shop``; empty: that was not to be learned.
        problems: what is wrong, each with its setting or channel and the remedy.
    """

    who: str
    problems: tuple[str, ...]


async def inquire(keys: Keys, channels: Iterable[str]) -> Found:
    """Ask Slack who we are, and whether each of *channels* (ids) and Socket Mode are open to us."""
    chat = SlackChat(keys.token, keys.api)
    problems: list[str] = []
    try:
        try:
            who = await chat.introduce()
        except ChatRefused as error:
            return Found("", (f"IVR_SLACK_TOKEN: {error}",))
        except ChatError as error:
            return Found("", (f"{error}; whether the settings for it are right is not known",))
        for channel in channels:
            try:
                await chat.look_into(channel)
            except (ChatError, ChatRefused) as error:
                problems.append(f"IVR_SLACK_CHANNEL_…: {channel}: {error}")
        if keys.app_token:
            try:
                await chat.ask_for_socket(keys.app_token)
            except (ChatError, ChatRefused) as error:
                problems.append(f"IVR_SLACK_APP_TOKEN: {error}")
    finally:
        await chat.close()
    return Found(who, tuple(problems))

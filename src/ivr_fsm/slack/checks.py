"""Whether what the settings say of Slack can be. A check returns what it was given, or raises ValueError."""

from __future__ import annotations

import re

from pydantic import SecretStr, ValidationInfo

from ivr_fsm.flow.hours import BadHours, Hours

USER = "[UW][A-Z0-9]{2,20}"
GROUP = "S[A-Z0-9]{2,20}"


def channel(name: str) -> str:
    """Return the id of a channel, or nothing."""
    if name and not re.fullmatch("[CG][A-Z0-9]{2,20}", name):
        raise ValueError("must be a channel's id like C0123ABCDEF: it ends what Slack shows of the channel")
    return name


def people(text: str) -> str:
    """Return ids of users and user groups, with commas between them."""
    for each in listed(text, ","):
        if not re.fullmatch(f"{USER}|{GROUP}", each):
            raise ValueError(f"{each[:30]!r} is no id of a user (U…) or of a user group (S…)")
    return text


def zone(name: str) -> str:
    """Return the name of a time zone."""
    Hours.parse((), name)
    return name


def hours(text: str, info: ValidationInfo) -> str:
    """Return lines of a schedule, with semicolons between them."""
    # A zone that is none is told by itself.
    try:
        Hours.parse(listed(text, ";"), info.data.get("slack_zone", "UTC"))
    except BadHours as error:
        raise ValueError(f"{error}; two lines have a semicolon between them") from None
    return text


def bot_token(token: SecretStr, info: ValidationInfo) -> SecretStr:
    """Return the bot token, which needs a channel and the journal."""
    said = token.get_secret_value()
    if said and not said.startswith(("xoxb-", "xoxe.xoxb-")):
        raise ValueError("must be the bot token: it begins with xoxb-")
    # A channel that is none is told by itself.
    channels = [info.data.get(f"slack_channel_{kind}", "?") for kind in ("order", "other", "shop")]
    if said and not any(channels):
        raise ValueError("has no channel: set IVR_SLACK_CHANNEL_ORDER, _OTHER or _SHOP")
    if said and info.data.get("journal") == "none":
        raise ValueError("Slack is told from the journal: IVR_JOURNAL must not be none")
    return token


def app_token(token: SecretStr) -> SecretStr:
    """Return the app-level token."""
    if token.get_secret_value() and not token.get_secret_value().startswith("xapp-"):
        raise ValueError("must be the app-level token: it begins with xapp-")
    return token


def needs_bot(secret: SecretStr, info: ValidationInfo) -> SecretStr:
    """Return what is of use only beside a bot token."""
    bot = info.data.get("slack_token")
    if secret.get_secret_value() and bot is not None and not bot.get_secret_value():
        raise ValueError("is of no use without the bot token, IVR_SLACK_TOKEN")
    return secret


def listed(text: str, sign: str) -> tuple[str, ...]:
    """Return the parts of *text* between its *sign*s; those that are empty are left out."""
    return tuple(each.strip() for each in text.split(sign) if each.strip())

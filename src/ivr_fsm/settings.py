"""Settings of the service, from the environment and ``.env``, each with the prefix ``IVR_``.

What a call does is not here but in the plan file.
"""

from __future__ import annotations

from pathlib import Path
from socket import gethostname
from typing import Annotated, Literal
from urllib.parse import urlsplit

from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from ivr_fsm.flow.hours import Hours
from ivr_fsm.slack import checks
from ivr_fsm.web import checks as web
from ivr_fsm.web.people import People


def _names_number(template: str) -> str:
    if "{number}" not in template or any(sign in template.replace("{number}", "") for sign in "{}&|,\n\r"):
        raise ValueError("must contain {number} once and none of { } & | , like sofia/gateway/trunk/{number}")
    return template


def _ends_by_itself(sound: str) -> str:
    if any(sign in sound for sign in ("loops=-", "stream://-", "local_stream:", "\r", "\n")):
        raise ValueError("must end by itself after some seconds: whoever loses the service waits for its end")
    if "://" not in sound and not Path(sound).is_file():
        raise ValueError(f"there is no file {sound}")
    return sound


def _country(code: str) -> str:
    if code not in SUPPORTED_REGIONS:
        raise ValueError("must be a country's two letters, like RU")
    return code


def _address(url: str) -> str:
    if not url:
        return url
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound or parts.username is not None or parts.query or parts.fragment or not url.isprintable():
        raise ValueError("must be an address like https://market.example/telephony, without a password")
    return url


def _token(token: SecretStr) -> SecretStr:
    said = token.get_secret_value()
    if not (said.isascii() and said.isprintable() and " " not in said):
        raise ValueError("must be one word of ASCII signs")
    return token


def _name(name: str) -> str:
    if not name or not name.isprintable() or len(name) > 100:
        raise ValueError("must be a name of 1 to 100 printable signs")
    return name


def _hard_to_guess(token: SecretStr) -> SecretStr:
    if 0 < len(token.get_secret_value()) < 16:
        raise ValueError("must have 16 signs or more: openssl rand -hex 32")
    return token


def _prompts() -> Path:
    here = Path("prompts")
    return here if here.is_dir() else Path(__file__).parents[2] / "prompts"


class Settings(BaseSettings):
    """All settings, with their defaults."""

    model_config = SettingsConfigDict(
        env_prefix="IVR_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        use_attribute_docstrings=True,
    )

    host: str = "127.0.0.1"
    """Where FreeSWITCH connects to us."""
    port: int = Field(default=8084, ge=0, le=65535)
    """The port of that; the dialplan's `socket` line names the same. 0: any free one."""
    reached_at: str = Field(default="", pattern=r"^([A-Za-z0-9.-]{1,200}:[0-9]{1,5})?$")
    """Where FreeSWITCH reaches that, `host:port`, if it is another place: for calls back."""
    max_calls: int = Field(default=1000, ge=1)
    """More calls at once are refused: the dialplan's next line takes them."""
    drain: float = Field(default=600, ge=0)
    """Seconds that calls may go on after a stop was asked for."""

    freeswitch_host: str = "127.0.0.1"
    """FreeSWITCH's own event socket, for what has no caller leg."""
    freeswitch_port: int = Field(default=8021, ge=1, le=65535)
    """The port of that."""
    freeswitch_password: SecretStr = SecretStr("ClueCon")
    """The password of that; FreeSWITCH's well-known default."""

    dial: Annotated[str, AfterValidator(_names_number)] = "sofia/gateway/trunk/{number}"
    """How FreeSWITCH reaches a phone; {number} is E.164 without the plus."""
    caller_id: str = Field(default="", pattern=r"^\+?[0-9]{0,15}$")
    """The number that shops and office see, and who is called back; empty: the caller's own, or none."""
    region: Annotated[str, AfterValidator(_country)] = "RU"
    """The country whose national phone numbers are understood."""
    transfer_context: str = Field(default="ivr-transfer", pattern=r"^[a-z0-9_-]+$")
    """The dialplan context that a caller enters whom a callee transfers."""

    hold: Annotated[str, AfterValidator(_ends_by_itself)] = "tone_stream://%(1000,4000,425);loops=2"
    """What callers hear, repeated, between prompts while a phone rings: 10 s of ringing, or a music file."""

    plan: Path | None = None
    """The plan file; without one the default plan, which has no phone numbers."""
    directory: Path | None = None
    """The file of shops, customers and orders (TOML or YAML)."""
    marketplace: Annotated[str, AfterValidator(_address)] = ""
    """The address of the marketplace's API (docs/marketplace.md), instead of that file."""
    marketplace_token: Annotated[SecretStr, AfterValidator(_token)] = SecretStr("")
    """The API's bearer token."""
    marketplace_timeout: float = Field(default=1.8, gt=0, le=30)
    """Seconds for an answer while a caller waits: less than the plan's `identifying.limit`."""
    prompts: Path = Field(default_factory=_prompts)
    """The folder of the recordings, as service and FreeSWITCH see it. Default: `prompts` here, or ours."""
    speech_cache: Path = Path("var/speech")
    """Where spoken announcements are kept; FreeSWITCH must be able to read it."""
    speech_engine: Literal["auto", "rhvoice", "espeak-ng", "command", "none"] = "auto"
    """Who speaks announcements; `auto`: the best that is installed."""
    speech_command: str = ""
    """For ``command``: a program that reads the text on its input and writes {file}."""
    recordings: Path | None = None
    """Where FreeSWITCH writes recordings; without it nothing is recorded."""

    web_token: Annotated[SecretStr, AfterValidator(_token), AfterValidator(_hard_to_guess)] = SecretStr("")
    """What programs may do everything with (docs/inspector.md), and signs links to recordings."""
    web_tokens: Annotated[SecretStr, AfterValidator(web.tokens)] = SecretStr("")
    """Who logs in with a token of their own: `olga=<token>, boris=<token>`, 16 signs or more each."""
    web_user_header: Annotated[str, AfterValidator(web.header)] = ""
    """In which a reverse proxy says who asks: `X-Forwarded-User`."""
    web_proxies: Annotated[str, AfterValidator(web.proxies)] = "127.0.0.0/8, ::1"
    """From where that header is believed."""
    web_people: Annotated[str, AfterValidator(web.people)] = ""
    """Their rights: `olga: see numbers listen act; boris: see listen; *: see`; empty: each has all."""
    web_host: Annotated[str, AfterValidator(web.host)] = "127.0.0.1"
    """Where the web server listens; somewhere else only with tokens or that header."""
    web_port: Annotated[int, AfterValidator(web.port)] = Field(default=8085, ge=0, le=65535)
    """The port of that. 0: any free one."""
    web_url: Annotated[str, AfterValidator(_address), AfterValidator(web.url)] = ""
    """Where the web server is reached from outside: ``https://calls.example``; empty: no links are given."""
    web_link_days: int = Field(default=30, ge=1, le=3650)
    """Days in which a link to a recording can be used."""

    journal: str = "sqlite:///var/journal.db"
    """Where every step of every call is kept: a file of SQLite, ``postgresql://user:password@host/name``,
    or ``none``."""
    instance: Annotated[str, AfterValidator(_name)] = Field(default_factory=gethostname)
    """The name of this instance in the journal; two that share one journal have two names."""
    keep_steps: int = Field(default=365, ge=1)
    """Days after which a call is removed from the journal."""
    keep_personal: int = Field(default=90, ge=1)
    """Days after which the caller's phone, name, order and address are removed from a call."""
    keep_recordings: int = Field(default=90, ge=1)
    """Days after which a recording is removed."""

    slack_channel_order: Annotated[str, AfterValidator(checks.channel)] = ""
    """The Slack channel (its id) that is told of calls about an order (docs/slack.md); empty: none is."""
    slack_channel_other: Annotated[str, AfterValidator(checks.channel)] = ""
    """The one that is told of calls without an order."""
    slack_channel_shop: Annotated[str, AfterValidator(checks.channel)] = ""
    """The one that is told of calls from partner shops."""
    slack_token: Annotated[SecretStr, AfterValidator(_token), AfterValidator(checks.bot_token)] = SecretStr(
        ""
    )
    """The bot token, `xoxb-…`; empty: what Slack would be told is logged."""
    slack_app_token: Annotated[
        SecretStr, AfterValidator(_token), AfterValidator(checks.app_token), AfterValidator(checks.needs_bot)
    ] = SecretStr("")
    """The app-level token, `xapp-…`, for buttons and commands over Socket Mode."""
    slack_signing_secret: Annotated[SecretStr, AfterValidator(_token), AfterValidator(checks.needs_bot)] = (
        SecretStr("")
    )
    """The signing secret, for buttons and commands over HTTP; not used with an app-level token."""
    slack_people: Annotated[str, AfterValidator(checks.people)] = ""
    """Who may press buttons and switch: ids of users and user groups, `U…,S…`; empty: nobody."""
    slack_zone: Annotated[str, AfterValidator(checks.zone)] = "Europe/Moscow"
    """The time zone of the times in Slack and on the pages, and of the hours of reporting."""
    slack_hours: Annotated[str, AfterValidator(checks.hours)] = ""
    """When reporting is on, `mon-fri 09:00-21:00; sat,sun 10:00-18:00`; empty: always."""
    slack_api: Annotated[str, AfterValidator(_address)] = "https://slack.com/api/"
    """The address of Slack's Web API."""

    otel_endpoint: Annotated[str, AfterValidator(_address)] = ""
    """Where traces of calls are sent, an OTLP/HTTP collector (docs/telemetry.md): `http://127.0.0.1:4318`;
    empty: nowhere."""

    watch_language: Literal["ru", "en"] = "ru"
    """The language of what watchers are told."""
    mask_phones: bool = False
    """Hide the middle of phone numbers in logs."""
    log_format: Literal["console", "json"] = "json"
    """Log lines for people or for machines."""

    @property
    def named_people(self) -> People:
        """Who may do what on the pages."""
        return web.named(self.web_tokens, self.web_people, self.web_user_header, self.web_proxies)

    @property
    def slack_channels(self) -> dict[str, str]:
        """The channels that there are, by the kind of the calls that they are told of."""
        channels = {
            "order": self.slack_channel_order,
            "other": self.slack_channel_other,
            "partner": self.slack_channel_shop,
        }
        return {kind: channel for kind, channel in channels.items() if channel}

    @property
    def slack_permitted(self) -> tuple[str, ...]:
        """The users and user groups who may press buttons."""
        return checks.listed(self.slack_people, ",")

    @property
    def reporting_hours(self) -> Hours | None:
        """When reporting is on; None: always."""
        lines = checks.listed(self.slack_hours, ";")
        return Hours.parse(lines, self.slack_zone) if lines else None

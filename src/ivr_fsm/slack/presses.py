"""A button was pressed: whether that person may, what the desk says, and the answer."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

import structlog
from aiohttp import ClientError
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints, ValidationError
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from ivr_fsm.call.desk import Answer, Desk
from ivr_fsm.slack.checks import USER
from ivr_fsm.slack.people import People, PeopleUnknown
from ivr_fsm.slack.sdklog import plain
from ivr_fsm.watch.words import Words

BUTTONS: Mapping[str, Callable[[Desk, int, str], Awaitable[Answer]]] = {
    "send_office": lambda desk, key, by: desk.send(key, "office", by),
    "send_call_centre": lambda desk, key, by: desk.send(key, "call_centre", by),
    "stop": lambda desk, key, by: desk.stop(key, by),
    "call_back": lambda desk, key, by: desk.call_back(key, by),
    "done": lambda desk, key, by: desk.done(key, by),
}
"""What each button asks of the desk, by its action id."""

REMEMBERED = 2000
"""How many presses are known again when Slack sends them a second time."""

log = structlog.get_logger(__name__)


def _key(text: object) -> int:
    if isinstance(text, str) and re.fullmatch("[0-9]{1,19}", text) and int(text) < 2**63:
        return int(text)
    raise ValueError("must be a call's key")


def _button(name: str) -> str:
    if name not in BUTTONS:
        raise ValueError("must be a button of ours")
    return name


UserId = Annotated[str, StringConstraints(pattern=rf"^{USER}\z")]
ChannelId = Annotated[str, StringConstraints(pattern=r"^[CDG][A-Z0-9]{2,20}\z")]
_Key = Annotated[int, BeforeValidator(_key)]
_Once = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class _User(BaseModel):
    id: UserId


class _Channel(BaseModel):
    id: ChannelId


class _Action(BaseModel):
    action_id: Annotated[str, AfterValidator(_button)]
    value: _Key


class Press(BaseModel):
    """What Slack sends when a button is pressed, as far as it matters."""

    user: _User
    channel: _Channel
    actions: Annotated[list[_Action], Field(min_length=1, max_length=1)]
    trigger_id: _Once


class Presses:
    """Carries out what buttons say. Nothing raises: what goes wrong is logged, in one line each."""

    def __init__(self, desk: Desk, people: People, client: AsyncWebClient, words: Words) -> None:
        self._desk = desk
        self._people = people
        self._client = client
        self._words = words
        self._seen = Seen(REMEMBERED)

    async def handle(self, body: Mapping[str, Any]) -> None:
        """Do what the press in *body* asks for, once, and answer it."""
        try:
            press = Press.model_validate(body)
        except ValidationError as error:
            log.warning("slack press refused", why=mistake(error))
            return
        if self._seen(press.trigger_id):
            return
        [action] = press.actions
        if refused := await self._refusal(press.user.id):
            log.warning("slack press refused", button=action.action_id, user=press.user.id, why=refused)
            await self._whisper(press, refused)
            return
        by = await self._people.name(press.user.id)
        answer = await BUTTONS[action.action_id](self._desk, action.value, by)
        log.info(
            "slack press", button=action.action_id, key=action.value, user=press.user.id, answer=answer.value
        )
        # What was taken is told in the thread, with who asked for it, by the journal.
        if answer is not Answer.TAKEN:
            await self._whisper(press, f"answers.{answer.value}")

    async def _refusal(self, user: str) -> str:
        """Return the key of the answer to a person who may not; empty: that person may."""
        try:
            return "" if await self._people.may(user) else "answers.forbidden"
        except PeopleUnknown as error:
            log.warning("slack people not looked up", why=str(error))
            return "commands.unsure"

    async def _whisper(self, press: Press, text_key: str) -> None:
        text = self._words.text(text_key)
        await _posted(
            self._client.chat_postEphemeral(channel=press.channel.id, user=press.user.id, text=text)
        )


class Seen:
    """Knows what it was asked about before, up to a number of things."""

    def __init__(self, most: int) -> None:
        self._known: OrderedDict[str, None] = OrderedDict()
        self._most = most

    def __call__(self, what: str) -> bool:
        """Say whether *what* was asked about before."""
        if what in self._known:
            return True
        self._known[what] = None
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return False


def mistake(error: ValidationError) -> str:
    """Return the first of the mistakes in one line, without what was given."""
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


async def _posted(post: Awaitable[Any]) -> None:
    try:
        await post
    except (
        SlackClientError,
        ClientError,
        OSError,
        TimeoutError,
        ValueError,
        TypeError,
        AttributeError,
    ) as error:
        log.warning("slack answer not posted", why=plain(error) or type(error).__name__)

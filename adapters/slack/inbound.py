"""What Slack sends, as events: pure translation. Whatever it is, it is an event of ours or None."""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from adapters.slack.modals import read_opener, read_values
from bot.actions import decode
from bot.commands import typed_command
from bot.events import Commanded, Event, Opened, Pressed, Said, Submitted, Visited
from bot.people import Person
from bot.places import Place
from knowledge.text import clean

PLATFORM = "slack"
ASK_SHORTCUT = "ask_about_message"
SEARCH = "search"

# Of messages that are more than words; all other subtypes are edits, joins, bots and the like.
_SPOKEN_SUBTYPES = (None, "thread_broadcast", "me_message", "file_share")
_SLACKBOT = "USLACKBOT"  # it answers for Slack, and has no bot_id
# Parts of rich text that stand on a line of their own.
_LINES = ("rich_text_section", "rich_text_preformatted", "rich_text_quote")
# More than can be asked: what is longer is refused as too long, and need not be read to its end for that.
_TEXT_LIMIT = 5_000
_TOKEN = re.compile(r"<([^<>]*)>")


class Surface(StrEnum):
    """Where in Slack it happened, which decides how a reply is shown."""

    CHANNEL = "channel"
    DIRECT = "direct"
    COMMAND = "command"  # a slash command or a shortcut: it has an address for replies of its own
    CARD = "card"  # a press in a channel
    HOME = "home"
    MODAL = "modal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The workspace that an installation of ours is in, as it is at this moment."""

    team: str
    bot_user: str
    community: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How to answer: what Slack gave along. `thread` is one that is there; `message` is what was said or pressed."""

    surface: Surface
    team: str
    user: str
    channel: str = ""
    thread: str = ""
    message: str = ""
    trigger: str = ""
    response_url: str = ""
    view: str = ""
    view_hash: str = ""
    is_ephemeral: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    event: Event
    origin: Origin


def team_of(body: Mapping[str, Any], team_id: str | None) -> str | None:
    """The workspace in which something happened; `team_id` is what bolt's context has.

    Where the app is installed for an organisation bolt has none: it reads whom the event was authorised for.
    """
    user = body.get("user")
    candidates = (
        team_id,
        body.get("context_team_id"),
        body.get("team_id"),
        user.get("team_id") if isinstance(user, dict) else None,
    )
    return next((each for each in candidates if isinstance(each, str) and each.startswith("T")), None)


def from_event(body: Mapping[str, Any], workspace: Workspace) -> Incoming | None:
    event = _mapping(body.get("event"))
    match event.get("type"):
        case "app_mention" | "message":
            return _from_message(event, workspace, is_shared=body.get("is_ext_shared_channel") is True)
        case "app_home_opened":
            return _from_opening(event, workspace)
    return None


def from_command(body: Mapping[str, Any], workspace: Workspace) -> Incoming | None:
    channel, user = _word(body, "channel_id"), _word(body, "user_id")
    if not (channel and user):
        return None
    name, rest = typed_command(clean(_plain_words(_word(body, "text"), workspace.bot_user)))
    commanded = Commanded(
        person=Person(user, clean(_word(body, "user_name"))),
        place=_aside(workspace, channel, user),
        command=name,
        rest=rest,
        key=_key(workspace, _word(body, "trigger_id")),
    )
    origin = Origin(
        surface=Surface.COMMAND,
        team=workspace.team,
        user=user,
        channel=channel,
        trigger=_word(body, "trigger_id"),
        response_url=_word(body, "response_url"),
    )
    return Incoming(event=commanded, origin=origin)


def from_shortcut(body: Mapping[str, Any], workspace: Workspace) -> Incoming | None:
    """A message that somebody asks the bot about."""
    person, message = _person(body), _mapping(body.get("message"))
    channel = _word(_mapping(body.get("channel")), "id")
    if body.get("callback_id") != ASK_SHORTCUT or not (person.id and channel):
        return None
    thread = _word(message, "thread_ts") or _word(message, "ts")
    commanded = Commanded(
        person=person,
        place=_guarded(_aside(workspace, channel, person.id, thread), body, workspace),
        command="ask",
        rest=_said(message, workspace.bot_user),
        key=_key(workspace, _word(body, "trigger_id")),
    )
    origin = Origin(
        surface=Surface.COMMAND,
        team=workspace.team,
        user=person.id,
        channel=channel,
        thread=_word(message, "thread_ts"),
        trigger=_word(body, "trigger_id"),
        response_url=_word(body, "response_url"),
    )
    return Incoming(event=commanded, origin=origin)


def from_action(body: Mapping[str, Any], workspace: Workspace) -> Incoming | None:
    """A press, in a message or in a view, or a search typed into the home page."""
    person = _person(body)
    pressed = _mapping(next(iter(_list(body.get("actions"))), None))
    if not (person.id and pressed):
        return None
    view = _mapping(body.get("view"))
    place, origin = _in_view(body, view, workspace) if view else _in_message(body, workspace)
    if not (view or origin.channel):
        return None
    place = _guarded(place, body, workspace)
    key = _key(workspace, _word(body, "trigger_id"))
    if pressed.get("action_id") == SEARCH and origin.surface is Surface.HOME:
        text = clean(_word(pressed, "value"))
        return Incoming(event=Said(person=person, place=place, text=text, key=key), origin=origin)
    action = decode(_word(pressed, "value"))
    return Incoming(event=Pressed(person=person, place=place, action=action, key=key), origin=origin)


def from_view(body: Mapping[str, Any], workspace: Workspace) -> Incoming | None:
    """A form that came back; one that no version of ours made is a form without a name."""
    person, view = _person(body), _mapping(body.get("view"))
    if not (person.id and view):
        return None
    opener = read_opener(view)
    place, origin = _in_view(body, view, workspace)
    if opener and opener.channel:
        place = _aside(workspace, opener.channel, person.id, opener.thread)
    submitted = Submitted(
        person=person,
        place=_guarded(place, body, workspace),
        form=opener.form if opener else "",
        values={name: clean(value) for name, value in read_values(view).items()},
        context=opener.context if opener else "",
        key=_key(workspace, _word(body, "trigger_id")),
    )
    return Incoming(event=submitted, origin=origin)


def _from_message(event: Mapping[str, Any], workspace: Workspace, *, is_shared: bool) -> Incoming | None:
    user, channel, moment = (_word(event, name) for name in ("user", "channel", "ts"))
    is_bot = bool(event.get("bot_id")) or user in (workspace.bot_user, _SLACKBOT)
    if not (user and channel and moment) or is_bot or event.get("subtype") not in _SPOKEN_SUBTYPES:
        return None
    thread = _word(event, "thread_ts")
    is_direct = event.get("channel_type") == "im" or channel.startswith("D")
    is_addressed = is_direct or event.get("type") == "app_mention" or _mentions(event, workspace.bot_user)
    theirs = {_word(event, name) for name in ("user_team", "source_team", "team")} - {"", workspace.team}
    place = Place(
        PLATFORM,
        workspace.community,
        _own_room(channel, user) if is_direct else channel,
        thread if is_direct else thread or moment,
        is_private=is_direct,
        is_outside=is_shared or bool(theirs),
    )
    said = Said(
        person=Person(user, clean(_word(_mapping(event.get("user_profile")), "display_name"))),
        place=place,
        text=_said(event, workspace.bot_user),
        is_addressed=is_addressed,
        # A mention comes twice, as itself and as a message: what was said where and when is what it is.
        key=_key(workspace, f"{channel} {moment}"),
    )
    surface = Surface.DIRECT if is_direct else Surface.CHANNEL
    origin = Origin(surface=surface, team=workspace.team, user=user, channel=channel, thread=thread, message=moment)
    return Incoming(event=said, origin=origin)


def _from_opening(event: Mapping[str, Any], workspace: Workspace) -> Incoming | None:
    user, channel = _word(event, "user"), _word(event, "channel")
    if not user:
        return None
    person = Person(user)
    if event.get("tab") == "home":
        origin = Origin(
            surface=Surface.HOME,
            team=workspace.team,
            user=user,
            view_hash=_word(_mapping(event.get("view")), "hash"),
        )
        return Incoming(event=Visited(person=person, place=home_place(workspace, user)), origin=origin)
    if event.get("tab") != "messages" or not channel:
        return None
    place = Place(PLATFORM, workspace.community, _own_room(channel, user), is_private=True)
    origin = Origin(surface=Surface.DIRECT, team=workspace.team, user=user, channel=channel)
    return Incoming(event=Opened(person=person, place=place), origin=origin)


def home_place(workspace: Workspace, user: str) -> Place:
    """A person's own page, which nobody else ever sees."""
    return Place(PLATFORM, workspace.community, f"home {user}", is_private=True)


def _own_room(channel: str, user: str) -> str:
    """Of direct messages: two people who talk with each other in them talk with the bot each for themselves."""
    return f"{channel} {user}"


def _aside(workspace: Workspace, channel: str, user: str, thread: str = "") -> Place:
    """Where only the person reads the reply, in a channel or in direct messages."""
    is_direct = channel.startswith("D")
    return Place(
        PLATFORM,
        workspace.community,
        _own_room(channel, user) if is_direct else channel,
        thread,
        is_private=True,
        is_shareable=not is_direct,
    )


def _in_view(body: Mapping[str, Any], view: Mapping[str, Any], workspace: Workspace) -> tuple[Place, Origin]:
    user = _person(body).id
    origin = Origin(
        surface=Surface.HOME if view.get("type") == "home" else Surface.MODAL,
        team=workspace.team,
        user=user,
        trigger=_word(body, "trigger_id"),
        view=_word(view, "id"),
        view_hash=_word(view, "hash"),
    )
    return home_place(workspace, user), origin


def _in_message(body: Mapping[str, Any], workspace: Workspace) -> tuple[Place, Origin]:
    container, message = _mapping(body.get("container")), _mapping(body.get("message"))
    channel = _word(_mapping(body.get("channel")), "id") or _word(container, "channel_id")
    moment = _word(container, "message_ts")
    is_ephemeral = container.get("is_ephemeral") is True
    thread = _word(message, "thread_ts") or _word(container, "thread_ts")
    origin = Origin(
        surface=Surface.DIRECT if channel.startswith("D") and not is_ephemeral else Surface.CARD,
        team=workspace.team,
        user=_person(body).id,
        channel=channel,
        thread=thread,
        message=moment,
        trigger=_word(body, "trigger_id"),
        response_url=_word(body, "response_url"),
        is_ephemeral=is_ephemeral,
    )
    return _aside(workspace, channel, _person(body).id, thread), origin


def _guarded(place: Place, body: Mapping[str, Any], workspace: Workspace) -> Place:
    """Somebody of another workspace, in a channel that both share, sees what everybody may."""
    team = _word(_mapping(body.get("user")), "team_id")
    return replace(place, is_outside=True) if team and team != workspace.team else place


def _key(workspace: Workspace, name: str) -> str:
    return f"{workspace.team} {name}" if name else ""


def _person(body: Mapping[str, Any]) -> Person:
    user = _mapping(body.get("user"))
    return Person(_word(user, "id"), clean(_word(user, "name") or _word(user, "username")))


def _said(message: Mapping[str, Any], bot_user: str) -> str:
    """The words as people read them; some clients send them in blocks alone."""
    text = _plain_words(_word(message, "text")[:_TEXT_LIMIT], bot_user)
    return clean(text or _words_of_blocks(message, bot_user)[:_TEXT_LIMIT])


def _plain_words(text: str, bot_user: str) -> str:
    """Slack's own marks for people, channels and links, made words; the bot's own name is left out."""
    return html.unescape(_TOKEN.sub(lambda found: _token(found[1], bot_user), text)).strip()


def _token(inside: str, bot_user: str) -> str:
    target, _, label = inside.partition("|")
    match target[:1]:
        case "@":
            return "" if target[1:] == bot_user else f"@{label.lstrip('@') or target[1:]}"
        case "#":
            return f"#{label or target[1:]}"
        case "!":
            return label or f"@{target[1:]}"
    return label or target


def _mentions(message: Mapping[str, Any], bot_user: str) -> bool:
    if f"<@{bot_user}>" in _word(message, "text") or f"<@{bot_user}|" in _word(message, "text"):
        return True
    return any(part.get("type") == "user" and part.get("user_id") == bot_user for part in _parts(message.get("blocks")))


def _words_of_blocks(message: Mapping[str, Any], bot_user: str) -> str:
    words = []
    for part in _parts(message.get("blocks")):
        match part.get("type"):
            case kind if kind in _LINES:
                words.append("\n")
            case "text":
                words.append(_word(part, "text"))
            case "link":
                words.append(_word(part, "text") or _word(part, "url"))
            case "user" if part.get("user_id") != bot_user:
                words.append(f"@{_word(part, 'user_id')}")
            case "channel":
                words.append(f"#{_word(part, 'channel_id')}")
    return "".join(words).strip()


def _parts(blocks: object) -> Iterator[Mapping[str, Any]]:
    """Every element of rich text, however deep; a shape of no sense has none."""
    waiting, seen = [*_list(blocks)][::-1], 0
    while waiting and seen < 5_000:
        seen += 1
        part = _mapping(waiting.pop())
        yield part
        waiting += _list(part.get("elements"))[::-1]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _word(mapping: Mapping[str, Any], name: str) -> str:
    value = mapping.get(name)
    return value if isinstance(value, str) else ""

"""Every command, once: the platforms' command, the terminal, `help` and the reference page come from this table."""

import re
from dataclasses import dataclass

from bot.voice import phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`arguments` as a person would read them: ``<question>`` must be given, ``[number]`` may be.

    Only what a command `does` is told in the reader's language; what one says to the bot is English. Where questions
    may begin with its name, `only` is a pattern of all that may follow it. One that is for moderators is not offered
    where a platform offers but a few.
    """

    name: str
    arguments: str
    does: str
    example: str
    only: str = ".*"
    is_for_moderators: bool = False


_RHYTHM = (
    r".*\b(?:every|weekly|two-weekly|fortnightly|monthly|quarterly|yearly|first|second|third|fourth|last|days)\b.*"
)

COMMANDS = (
    Command(
        name="ask",
        arguments="<question>",
        does=phrase("Find out who has tried something, how it went and whom to ask."),
        example="ask has anyone tried a four-day week?",
    ),
    Command(
        name="show",
        arguments="<pilot>",
        does=phrase("Show all there is on one pilot, with what is still open on its five dimensions."),
        example="show 2",
    ),
    Command(
        name="tell",
        arguments="[title]",
        does=phrase("Tell the community of a pilot: running, finished or stopped."),
        example="tell Book-a-bike for home carers",
    ),
    Command(
        name="checkin",
        arguments="[pilot]",
        does=phrase("Tell what is new of a pilot that you look after: what worked, what did not, what you need."),
        example="checkin Book-a-bike",
    ),
    Command(
        name="rhythm",
        arguments="<pilot> [rhythm]",
        does=phrase("Show or choose how often I ask how a pilot is going."),
        example="rhythm Book-a-bike every 2 weeks",
        only=rf"|{_RHYTHM}",
    ),
    Command(
        name="home",
        arguments="",
        does=phrase("Show your own page: your pilots, how far they are, your settings."),
        example="home",
    ),
    Command(
        name="settings",
        arguments="",
        does=phrase("Choose the language I speak with you, and when I may write to you first."),
        example="settings",
    ),
    Command(
        name="link",
        arguments="[code | off]",
        does=phrase("Link your accounts in Slack and in Teams: get a code in one, say it in the other."),
        example="link BCDF-GHJK",
        only=r"|off|\w{4}\s?[-\u2013\u2014]\s?\w{4}|[b-df-hj-np-tv-xz]{4} ?[b-df-hj-np-tv-xz]{4}",
    ),
    Command(
        name="channel",
        arguments="[mention | overhear | off]",
        does=phrase("Show or choose when I speak in a channel. Moderators choose."),
        example="channel overhear",
    ),
    Command(
        name="checkins",
        arguments="[words]",
        does=phrase("Show who is asked about which pilots and how that goes. For moderators."),
        example="checkins mobility",
        is_for_moderators=True,
    ),
    Command(
        name="digest",
        arguments="[here [weekday] | off]",
        does=phrase("Show or choose whether a channel is told each week what is new. Moderators choose."),
        example="digest here Monday",
        only=r"|off|here(?: +\w+)?",
        is_for_moderators=True,
    ),
    Command(
        name="circle",
        arguments="[topic, rhythm | topic off]",
        does=phrase("Begin, end or show learning circles: pilots on one topic, asked together. For moderators."),
        example="circle chatbots, every month",
        only=rf"|.+,{_RHYTHM}|.+\boff",
        is_for_moderators=True,
    ),
    Command(
        name="help",
        arguments="",
        does=phrase("Show what you can say."),
        example="help",
    ),
)


WORDS_OF_A_QUESTION = 2
_NOT_TITLES = frozenset(("me", "us", "everybody", "everyone", "all"))


def said_command(text: str) -> tuple[str, str] | None:
    """The name and the rest of a command that was said without being marked as one; None for all other words.

    "show me pilots with drones" is a question, "show drones" a command.
    """
    name, _, rest = text.strip().partition(" ")
    command = find(name.removeprefix("/"))
    if command is None:
        return (name.removeprefix("/"), rest.strip()) if name.startswith("/") else None
    first, *_ = rest.casefold().split(maxsplit=1) or [""]
    if not name.startswith("/") and (
        first in _NOT_TITLES or (rest and not command.arguments) or not _may_follow(rest, command)
    ):
        return None
    return command.name, rest.strip()


def typed_command(text: str) -> tuple[str, str]:
    """The name and the rest of what was typed after the platform's own command; without a name it is a question."""
    name, _, rest = text.strip().partition(" ")
    if not name:
        return "help", ""
    command = find(name)
    is_command = command is not None and _may_follow(rest, command)
    if not is_command and len(text.split()) > WORDS_OF_A_QUESTION:
        return "ask", text.strip()
    return name, rest.strip()


def _may_follow(rest: str, command: Command) -> bool:
    return re.fullmatch(command.only, rest.strip(), re.IGNORECASE | re.DOTALL) is not None


def find(name: str) -> Command | None:
    """The command of that name, whatever its case."""
    return next((command for command in COMMANDS if command.name == name.strip().casefold()), None)

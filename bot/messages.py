"""What the bot says, in blocks that every platform can show; and the same as plain text."""

from dataclasses import dataclass
from typing import assert_never

from bot.actions import Action
from bot.forms import Form
from bot.voice import ENGLISH, say


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph. Its text is data: whatever stands in it is shown, nothing is run, rung or linked.

    `is_written` where a model wrote it, with the numbers of its sources.
    """

    text: str
    is_quiet: bool = False
    is_written: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One pilot that an answer rests on. `details` are short facts; `note` is why it is worth reading.

    `meters` are as those of Meters.
    """

    title: str
    link: str | None = None
    details: tuple[str, ...] = ()
    excerpt: str = ""
    note: str = ""
    contact: str = ""
    meters: tuple[tuple[str, int, int], ...] = ()
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """Numbered from 1 in the order given."""

    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Labelled values."""

    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Meters:
    """How much of several things is there: label, how many, of how many."""

    meters: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Links:
    """Labelled web addresses."""

    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    action: Action


@dataclass(frozen=True, slots=True)
class Buttons:
    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Feedback:
    """Was it any good? Two buttons, in each platform's own form."""

    good: Button
    bad: Button


Block = Heading | Text | Sources | Facts | Meters | Links | Buttons | Feedback


@dataclass(frozen=True, slots=True)
class Message:
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The one answer to an event: a message or a form, for the person alone or for all who read along.

    One that `replaces` takes the place of the card on which something was pressed. One that `changes_home` says
    that the person's own page is another now. What an adapter adds of its own is said in the same `language`.
    """

    content: Message | Form
    is_private: bool = False
    replaces: bool = False
    changes_home: bool = False
    language: str = ENGLISH


PARAGRAPH = "\n\n"


def plain(message: Message) -> str:
    """The message as text: for notifications, screen readers, logs of a demo. Buttons are left out."""
    return PARAGRAPH.join(part for part in (_plain_block(block) for block in message.blocks) if part)


def _plain_block(block: Block) -> str:
    match block:
        case Heading(text) | Text(text):
            return text
        case Sources(sources):
            return "\n\n".join(f"{number}. {_plain_source(source)}" for number, source in enumerate(sources, 1))
        case Facts(facts):
            return "\n".join(f"{label}: {value}" for label, value in facts)
        case Meters(meters):
            return "\n".join(_plain_meter(*meter) for meter in meters)
        case Links(links):
            return "\n".join(f"{label}: {address}" for label, address in links)
        case Buttons() | Feedback():
            return ""
        case _:
            assert_never(block)


def _plain_source(source: Source) -> str:
    lines = (
        source.title,
        " · ".join(source.details),
        source.note,
        source.excerpt,
        source.contact,
        source.link or "",
        *(_plain_meter(*meter) for meter in source.meters),
    )
    return "\n".join(line for line in lines if line).replace("\n", "\n   ")


def _plain_meter(label: str, answered: int, asked: int) -> str:
    return f"{label}: {how_many(answered, asked)}"


def how_many(answered: int, asked: int) -> str:
    return say("{answered} of {asked}", answered=answered, asked=asked)

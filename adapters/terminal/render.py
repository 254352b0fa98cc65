"""Messages as a terminal shows them: pure translation to rich's renderables."""

from collections.abc import Sequence
from typing import assert_never

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as Line

from bot.actions import Action
from bot.messages import (
    Block,
    Buttons,
    Facts,
    Feedback,
    Heading,
    Links,
    Message,
    Meters,
    Source,
    Sources,
    Text,
    how_many,
)

WIDTH_LIMIT = 96
METER_WIDTH = 10


def render(message: Message) -> RenderableType:
    """Everything that came from people or files is put into rich's Text, where no markup is read."""
    parts: list[RenderableType] = []
    number = 0
    for block in message.blocks:
        parts += [_block(block, number + 1), Line()]
        number += len(_actions(block))
    return Group(*parts[:-1])


def pressable(message: Message) -> Sequence[Action]:
    """What the numbers on the screen mean, from 1."""
    return [action for block in message.blocks for action in _actions(block)]


def _actions(block: Block) -> list[Action]:
    match block:
        case Sources(sources):
            return [source.action for source in sources if source.action]
        case Buttons(buttons):
            return [button.action for button in buttons]
        case Feedback(good, bad):
            return [good.action, bad.action]
        case _:
            return []


def _block(block: Block, number: int) -> RenderableType:
    """`number` is that of the block's first button or source."""
    match block:
        case Heading(text):
            return Line(text, style="bold")
        case Text(text, is_quiet):
            return Line(text, style="dim" if is_quiet else "")
        case Sources(sources):
            return _spaced([_source(source, place) for place, source in enumerate(sources, number)])
        case Facts(facts):
            return _table(facts)
        case Meters(meters):
            return _meters(meters)
        case Links(links):
            return _table(links)
        case Buttons(buttons):
            return Group(*(Line(f"{place}  {each.label}", style="cyan") for place, each in enumerate(buttons, number)))
        case Feedback(good, bad):
            return Line(f"{number}  {good.label}   {number + 1}  {bad.label}", style="dim")
        case _:
            assert_never(block)


def _source(source: Source, number: int) -> RenderableType:
    title = Line()
    title.append(f"{number}  ", style="cyan")
    title.append(source.title, style="bold")
    under = (
        (" · ".join(source.details), "dim"),
        (source.note, "yellow"),
        (source.excerpt, ""),
        (source.contact, "green"),
        (source.link or "", "blue"),
    )
    lines = Group(
        *(Line(text, style=style, overflow="fold") for text, style in under if text),
        *((_meters(source.meters),) if source.meters else ()),
    )
    return Group(title, Padding(lines, (0, 0, 0, 3)))


def _table(rows: Sequence[tuple[str, str]]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in rows:
        table.add_row(Line(label), Line(value))
    return table


def _meters(meters: Sequence[tuple[str, int, int]]) -> RenderableType:
    return _table([(label, _meter(answered, asked)) for label, answered, asked in meters])


def _meter(answered: int, asked: int) -> str:
    filled = round(METER_WIDTH * answered / asked) if asked else 0
    return f"{'■' * filled}{'□' * (METER_WIDTH - filled)}  {how_many(answered, asked)}"


def _spaced(parts: Sequence[RenderableType]) -> RenderableType:
    spaced: list[RenderableType] = []
    for part in parts:
        spaced += [part, Line()]
    return Group(*spaced[:-1])

"""The reference pages that come from the code, so that they cannot be wrong."""

import dataclasses
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from enum import StrEnum
from pathlib import Path

import typer
from typer.core import TyperGroup

from bot.commands import COMMANDS
from deploy.settings import Settings, variable
from knowledge.dates import PartialDate
from knowledge.dimensions import Dimension, rules
from knowledge.pilots import Pilot
from knowledge.records import PLAIN_NAMES

_MADE = "<!-- Made by `make docs` from the code; edit the code instead. -->"


def write_pages(folder: Path, *, only_check: bool) -> list[str]:
    """Write each page that differs from the code, or with `only_check` none; which those are."""
    stale: list[str] = []
    for name, make in _PAGES.items():
        path = folder / name
        text = f"{_MADE}\n{make().rstrip()}\n"
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not only_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return stale


def _commands() -> str:
    rows = ((f"`{each.name} {each.arguments}`".replace(" `", "`"), each.does, f"`{each.example}`") for each in COMMANDS)
    return (
        "# Commands\n\nWhat people say to the bot. In the terminal chat a command begins with `/`; "
        "a question needs no command at all.\n\n" + _table(("Say", "To", "For instance"), rows)
    )


def _settings() -> str:
    rows = (
        (f"`{variable(name)}`", field.description or "", f"`{field.default}`" if str(field.default) else "–",
         f"`{(field.examples or [''])[0]}`")
        for name, field in Settings.model_fields.items()
    )  # fmt: skip
    return (
        "# Settings\n\nRead once, when a command starts: from the environment, else from a file `.env` in the folder "
        "where it starts. A wrong or misspelt one stops the command and says what is meant.\n\n"
        + _table(("Variable", "What it is", "Default", "Example"), rows)
    )


def _command_line() -> str:
    from deploy.cli import app

    root = typer.main.get_command(app)
    context = typer.Context(root, info_name="pilotlight")
    parts = ["# Command line\n"]
    for path, command in _walk(root, ("pilotlight",)):
        with typer.Context(command, info_name=path[-1], parent=context) as here:
            usage = " ".join((*path, *command.collect_usage_pieces(here)))
            parts.append(f"## {' '.join(path)}\n\n{command.help}\n\n    {usage}\n")
            rows = [
                (f"`{'`, `'.join(each.opts) if each.param_type_name == 'option' else each.name}`", each.help or "")
                for each in command.params
                if each.name != "help"
            ]
            if rows:
                parts.append(_table(("Argument or option", "What it does"), rows) + "\n")
    return "\n".join(parts)


def _walk(command: typing.Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], typing.Any]]:
    for name, each in command.commands.items():
        if isinstance(each, TyperGroup):
            yield from _walk(each, (*path, name))
        else:
            yield (*path, name), each


def _dimensions() -> str:
    lead = (
        "# The five dimensions\n\nWhat a pilot is asked, and from when. An answer, a promised date or a reason why "
        "it is not known quiets a question. Nothing here is a mark.\n"
    )
    parts = [lead]
    for dimension in Dimension:
        rows = (
            (
                f"`{rule.field}`",
                rule.ask,
                rule.why,
                rule.first_stage.value
                + (f", or {rule.days_before} days before the money ends" if rule.days_before else ""),
            )
            for rule in rules()
            if rule.dimension is dimension
        )
        title = dimension.value.replace("_", " ").capitalize()
        parts.append(f"## {title}\n\n{_table(('Field', 'Question', 'Why', 'From'), rows)}\n")
    return "\n".join(parts)


def _record() -> str:
    rows = list(_fields(Pilot, ""))
    return (
        "# The pilot record\n\nThe fields of a pilot in JSON, JSON Lines and YAML, and as columns of a spreadsheet. "
        "Only `id`, `source` and `title` are needed. In place of any answer below may stand "
        '`{"planned_by": "2026-05-01"}` or `{"unknown_because": "…"}`. A date is `2024`, `2024-05` or `2024-05-17`; '
        "a day is `2024-05-17`.\n\n" + _table(("Field", "What it holds"), rows)
    )


def _fields(kind: type, path: str) -> Iterator[tuple[str, str]]:
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        hint, is_list = _inner(hints[field.name])
        if hint is Mapping:
            continue
        if field.name == "provenance":
            yield from _fields(hint, path)
            continue
        name = f"{path}{PLAIN_NAMES.get(field.name, field.name) if not path else field.name}{'[]' if is_list else ''}"
        if dataclasses.is_dataclass(hint) and hint is not PartialDate:
            yield from _fields(hint, f"{name}.")  # type: ignore[arg-type]  # a class, as get_type_hints gives classes
        else:
            yield f"`{name}`", _holds(hint)


def _inner(hint: typing.Any) -> tuple[typing.Any, bool]:
    """The type within an optional or a list of it, and whether it is a list."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return _inner(next(each for each in typing.get_args(hint) if each is not types.NoneType))
    if typing.get_origin(hint) in (tuple, AbstractSet):
        return typing.get_args(hint)[0], True
    return typing.get_origin(hint) or hint, False


def _holds(hint: typing.Any) -> str:
    if issubclass(hint, StrEnum):
        return "one of " + ", ".join(f"`{each.value}`" for each in hint)
    return {"str": "text", "bool": "`true` or `false`", "date": "a day", "PartialDate": "a date"}[hint.__name__]


def _table(head: tuple[str, ...], rows: typing.Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


_PAGES: dict[str, Callable[[], str]] = {
    "commands.md": _commands,
    "settings.md": _settings,
    "command-line.md": _command_line,
    "dimensions.md": _dimensions,
    "pilot-record.md": _record,
}

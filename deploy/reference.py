"""The reference pages that come from the code, so that they cannot be wrong."""

import typing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import typer
from typer.core import TyperGroup

from adapters.slack.scopes import EMAIL_SCOPES, EVENTS, SCOPES
from bot.commands import COMMANDS
from deploy.settings import Settings, variable
from deploy.teams_manifest import EXTENSION, OVERHEARING
from deploy.teams_manifest import SCOPES as TEAMS_SCOPES
from knowledge.catalogues.layout import Field, Kind, part_fields, record_fields
from knowledge.dimensions import Dimension, rules

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


def _slack_scopes() -> str:
    return (
        "# What Pilotlight asks of Slack\n\nThe scopes and events of the app, as little as it can do with, and why. It "
        "reads no profile and no e-mail address unless you switch that on, joins no channel by itself, opens no file, "
        "and never acts in a person's name. [The manifest](../../deploy/slack/manifest.yaml) holds the same; "
        "[connect it to Slack](../how-to/slack.md) says what to do with it.\n\n"
        + _table(("Scope of the bot", "What for"), _coded(SCOPES))
        + "\n"
        + _table(("Event", "What for"), _coded(EVENTS))
        + "\n## Only to link accounts by e-mail address\n\nWith `PILOTLIGHT_LINK_BY_EMAIL=1` the app asks for these "
        "besides, and without it for none. It asks for the address of those who speak with it, one by one, and keeps "
        "a hash.\n\n"
        + _table(("Scope of the bot", "What for"), _coded(EMAIL_SCOPES))
        + "\nIn Socket Mode the app has a token of its own besides, with one scope: `connections:write`, to open the "
        "connection.\n"
    )


def _teams_permissions() -> str:
    return (
        "# What Pilotlight asks of Teams\n\nWhat the app may do in your tenant, as little as it can do with, and why. "
        "It reads no calendar, file or mail, has no tab and no page in Teams, signs nobody in, and never acts "
        "in a person's name. [The manifest](../../deploy/teams/manifest.json) holds the same; "
        "[connect it to Teams](../how-to/teams.md) says what to do with it.\n\n"
        "## In Teams\n\n"
        + _table(("Where people may add it", "What for"), _coded(TEAMS_SCOPES))
        + "\n"
        + _table(("Command of the message extension", "What for"), _coded(EXTENSION))
        + "\nTeams lets every bot ask who is in a conversation that it was added to, with names and e-mail addresses. "
        "That is no permission that could be granted or refused, so it is said here.\n\n"
        "## Only to overhear\n\nA package made with `--overhear` asks for these besides, and without it for none. "
        "They are resource-specific: each holds in the one team or chat where the app is added and somebody who may "
        "consents, and ends when the app is taken out. Private and shared channels are left out.\n\n"
        + _table(("Permission, of the kind *Application*", "What for"), _coded(OVERHEARING))
        + "\nOn the side of Teams these two also allow the app to fetch such messages by Microsoft Graph. Pilotlight "
        "never does: it calls no address of Graph.\n\n"
        "## In Entra and Azure\n\n"
        + _table(
            ("What", "What for"),
            (
                ("An app registration, for accounts of your own directory", "who the bot is"),
                ("One client secret", "what proves it, to Microsoft alone"),
                ("API permissions: none", "`User.Read`, which Entra adds by itself, can be removed"),
                ("Redirect addresses: none", "nobody signs in"),
                ("An Azure Bot resource, single tenant, with the channel Microsoft Teams", "how messages come and go"),
            ),
        )
    )


def _coded(reasons: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, reason in reasons.items():
        yield f"`{name}`", reason


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
    return (
        "# The pilot record\n\nThe fields of a pilot in JSON, JSON Lines and YAML, and as columns of a spreadsheet. "
        "Only `id`, `source` and `title` are needed. In place of any answer below may stand "
        '`{"planned_by": "2026-05-01"}` or `{"unknown_because": "…"}`. A year is `2024`, a month `2024-05`, '
        "a day `2024-05-17`. `[]` marks lists.\n\n" + _table(("Field", "What it holds"), _record_rows())
    )


def _record_rows() -> Iterator[tuple[str, str]]:
    for field in record_fields().values():
        several = "[]" if field.kind in (Kind.TEXTS, Kind.PARTS) else ""
        if field.kind is not Kind.PARTS:
            yield f"`{field.path}{several}`", _holds(field)
        for inner in part_fields(field):
            yield f"`{field.path}{several}.{inner.path}`", _holds(inner)


def _holds(field: Field) -> str:
    match field.kind:
        case Kind.CHOICE:
            return "one of " + ", ".join(f"`{each}`" for each in field.choices)
        case Kind.COUNTRY:
            return "a country, by name or two-letter code"
        case _:
            return field.kind.value


def _table(head: tuple[str, ...], rows: typing.Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


_PAGES: dict[str, Callable[[], str]] = {
    "commands.md": _commands,
    "settings.md": _settings,
    "command-line.md": _command_line,
    "dimensions.md": _dimensions,
    "pilot-record.md": _record,
    "slack-scopes.md": _slack_scopes,
    "teams-permissions.md": _teams_permissions,
}

"""Every command, once: the platforms' command, the terminal, `help` and the reference page come from this table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`arguments` as a person would read them: ``<question>`` must be given, ``[number]`` may be."""

    name: str
    arguments: str
    does: str
    example: str


COMMANDS = (
    Command(
        name="ask",
        arguments="<question>",
        does="Find out who has tried something, how it went and whom to ask.",
        example="ask has anyone tried a four-day week?",
    ),
    Command(
        name="show",
        arguments="<pilot>",
        does="Show all there is on one pilot, with what is still open on its five dimensions.",
        example="show 2",
    ),
    Command(
        name="tell",
        arguments="[title]",
        does="Tell the community of a pilot: running, finished or stopped.",
        example="tell Book-a-bike for home carers",
    ),
    Command(
        name="help",
        arguments="",
        does="Show what you can say.",
        example="help",
    ),
)


def find(name: str) -> Command | None:
    """The command of that name, whatever its case."""
    return next((command for command in COMMANDS if command.name == name.strip().casefold()), None)

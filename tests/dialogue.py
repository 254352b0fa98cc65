"""Dialogues written down once and played on every platform.

A script is lines of `say:`, `press:` (a label, or a source's number), `fill:` (field = value, one a line) and
`send:`; after them `see:` what the answer shows and `miss:` what it must not show.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

FOLDER = Path(__file__).parent / "dialogues"
SCRIPTS = sorted(FOLDER.glob("*.txt"))


class Platform(Protocol):
    """One person's end of a conversation; each call gives what they then see, as text."""

    async def say(self, text: str) -> str: ...

    async def press(self, label: str) -> str: ...

    async def send(self, values: dict[str, str]) -> str: ...


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    verb: str
    text: str


def read_script(path: Path) -> Sequence[Line]:
    lines = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            verb, _, text = line.partition(":")
            lines.append(Line(number, verb.strip(), text.strip()))
    return lines


async def play(path: Path, platform: Platform) -> None:
    """Play a script to its end; an assertion names the line that went otherwise."""
    seen, values = "", dict[str, str]()
    for line in read_script(path):
        where = f"{path.name}:{line.number}"
        match line.verb:
            case "say":
                seen = await platform.say(line.text)
            case "press":
                seen = await platform.press(line.text)
            case "fill":
                name, _, value = line.text.partition("=")
                values[name.strip()] = value.strip()
            case "send":
                seen = await platform.send(values)
            case "see":
                assert line.text in " ".join(seen.split()), f"{where}: {line.text!r} is not in:\n{seen}"
            case "miss":
                assert line.text not in " ".join(seen.split()), f"{where}: {line.text!r} is in:\n{seen}"
            case other:
                raise ValueError(f"{where}: {other} is no verb of a script")

"""Reading a TOML file key by key, so that a mistake is named with its key and what would be right."""

import difflib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from knowledge.catalogues.plain_files import require_plain
from knowledge.catalogues.tables import trouble_with
from knowledge.errors import InvalidFileError


@dataclass(slots=True)
class Section:
    """One table of the file. Each key is asked for once; `done` complains of those that nobody asked for."""

    values: dict[str, Any]
    file: str
    where: str = ""
    asked: list[str] = field(default_factory=list)

    def fail(self, key: str, reason: str) -> NoReturn:
        raise InvalidFileError(f"{self.file}: {f'{self.where}.' if self.where else ''}{key}: {reason}")

    def has(self, key: str) -> bool:
        return key in self.values

    def text(self, key: str, default: str | None = None) -> str | None:
        self.asked.append(key)
        value = self.values.get(key, default)
        if value is not None and not isinstance(value, str):
            self.fail(key, f'needs a text, such as {key} = "…", not {value!r:.40}')
        return value

    def required_text(self, key: str, example: str) -> str:
        value = self.text(key)
        if not value:
            self.fail(key, f'is missing; write for instance {key} = "{example}"')
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        self.asked.append(key)
        value = self.values.get(key, [])
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            self.fail(key, f'needs texts, such as {key} = ["…", "…"], not {value!r:.40}')
        return tuple(values)

    def section(self, key: str) -> "Section":
        self.asked.append(key)
        value = self.values.get(key, {})
        where = f"{self.where}.{key}" if self.where else key
        if not isinstance(value, dict):
            self.fail(key, f"needs a table of its own, headed [{where}]")
        return Section(value, self.file, where)

    def done(self, also_known: Iterable[str] = ()) -> None:
        known = [*self.asked, *also_known]
        for key in self.values:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                meant = f"did you mean {near[0]}? " if near else ""
                self.fail(key, f"is not known here; {meant}what may stand here: {', '.join(sorted(set(known)))}")


def read_toml(path: Path) -> Section:
    require_plain(path)
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
    except OSError as error:
        raise InvalidFileError(f"{path} cannot be opened: {error.strerror or error}.") from None
    except ValueError as error:  # no TOML, no UTF-8, or a number of too many digits
        raise InvalidFileError(f"{path.name} is not TOML: {error}.") from None
    except RecursionError:
        raise InvalidFileError(
            f"{path.name} is no mapping: lists or tables stand too deep within each other."
        ) from None
    for key, value in values.items():
        if trouble := trouble_with(value):
            raise InvalidFileError(f"{path.name}: {key:.40}: {trouble}")
    return Section(values, path.name)

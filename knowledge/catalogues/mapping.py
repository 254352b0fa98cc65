"""A catalogue's mapping: which column becomes which field, and how. Read in `mapping_files`, applied in `mapped`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from knowledge.catalogues.layout import Field
from knowledge.catalogues.tables import column_name

REFERENCE = "docs/reference/catalogue-mappings.md"
HOW_TO_MAP = (
    'write a mapping, a TOML file with name = "…", [fields.title] column = "…" and, so that rows keep their ids, '
    f'[id] column = "…" (every key is explained in {REFERENCE} of the project), and give it with --map'
)
"""For sentences that end where the files of the project may not be at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one field is filled. `fixed` is said only beside another value of the same part."""

    field: Field
    columns: tuple[str, ...] = ()
    template: str | None = None
    marked: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    join: str = "\n"
    prefix: str = ""
    table: Mapping[str, Any] | None = None
    formats: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    otherwise: str | None = None
    fixed: Any = None

    def all_columns(self) -> tuple[str, ...]:
        templates = " ".join(filter(None, (self.template, self.otherwise)))
        return tuple(dict.fromkeys((*self.columns, *self.marked, *template_columns(templates))))


@dataclass(frozen=True, slots=True, kw_only=True)
class IdRule:
    """`template` is filled with {row}, {id} (the column's value, or the pattern's first group) and {source}."""

    template: str
    column: str | None = None
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueMapping:
    """`recognise` are columns that a file must have, all of them, to be taken for this catalogue.

    With `records`, each row is a record in the project's own form, and there are neither id nor rules.
    """

    name: str
    title: str
    source: str
    file: str
    records: bool = False
    id: IdRule = IdRule(template="{source}-{row}")  # frozen
    rules: tuple[Rule, ...] = ()
    constants: Mapping[str, Any] = field(default_factory=dict)
    recognise: tuple[str, ...] = ()
    empty: frozenset[str] = frozenset()
    encoding: str | None = None
    sheet: str | None = None
    list_name: str | None = None

    def recognises(self, columns: tuple[str, ...]) -> bool:
        seen = {name.casefold() for name in columns}
        return bool(self.recognise) and all(column_name(name).casefold() in seen for name in self.recognise)


def template_columns(template: str) -> tuple[str, ...]:
    return tuple(column_name(name) for name in re.findall(r"\{([^{}]+)\}", template))

"""A mapping as one TOML file, checked key by key: a mistake is named with its key and what would be right."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knowledge.catalogues.encodings import is_encoding
from knowledge.catalogues.layout import Field, Kind, field_at, record_fields
from knowledge.catalogues.mapping import REFERENCE, CatalogueMapping, IdRule, Rule
from knowledge.catalogues.tables import column_name
from knowledge.catalogues.toml_keys import Section, read_toml
from knowledge.catalogues.written_dates import DateFormatError, date_pattern
from knowledge.countries import country_code
from knowledge.errors import InvalidRecordError
from knowledge.records import pilot_from_record
from knowledge.text import require_link

_SCALARS = frozenset(Kind) - {Kind.TEXTS, Kind.PARTS}
# Which keys a field's table may have, by what the field holds.
_KEYS = {
    "column": frozenset(Kind), "columns": frozenset(Kind),
    "template": frozenset({Kind.TEXT, Kind.LINK}),
    "marked": frozenset({Kind.TEXT, Kind.TEXTS}),
    "split": frozenset({Kind.TEXT, Kind.TEXTS}),
    "join": frozenset({Kind.TEXT}),
    "prefix": frozenset({Kind.TEXT}),
    "table": frozenset({Kind.TEXT, Kind.TEXTS, Kind.CHOICE, Kind.COUNTRY, Kind.FLAG}),
    "formats": frozenset({Kind.PERIOD, Kind.DAY}),
    "also": frozenset({Kind.TEXTS}),
    "otherwise": frozenset({Kind.TEXT, Kind.LINK}),
    "fixed": _SCALARS,
}  # fmt: skip


def read_mapping(path: Path) -> CatalogueMapping:
    """InvalidFileError names the key that is wrong and what it may be."""
    top = read_toml(path)
    for key in ("fields", "constants"):
        if isinstance(top.values.get(key), dict):
            top.values[key] = dict(_by_path(top.values[key], ""))
    name = top.required_text("name", "my-catalogue")
    source = top.text("source", name) or name
    records = _is_of_records(top)
    rules = () if records else _read_rules(top.section("fields"))
    if not records and not any(rule.field.path == "title" for rule in rules):
        top.fail("fields.title", 'is missing; every pilot needs a title: write column = "…" under [fields.title]')
    mapping = CatalogueMapping(
        name=name,
        title=top.text("title") or name,
        source=source,
        file=path.name,
        records=records,
        id=_read_id(top.section("id")),
        rules=rules,
        constants=_read_constants(top),
        recognise=top.texts("recognise"),
        empty=frozenset(text.casefold() for text in top.texts("empty")),
        encoding=_read_encoding(top),
        sheet=top.text("sheet"),
        list_name=top.text("list"),
    )
    top.done()
    return mapping


def _by_path(values: dict[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    """[fields.outcome.summary] means the same as [fields."outcome.summary"]."""
    for name, value in values.items():
        here = f"{path}{name}"
        inside = any(known.startswith(f"{here}.") for known in record_fields())
        where = field_at(here)
        parts = where is not None and where.kind is Kind.PARTS and isinstance(value, dict) and "1" in value
        numbered = path and name.isdecimal()
        if isinstance(value, dict) and (inside or parts or numbered):
            yield from _by_path(value, f"{here}.")
        else:
            yield here, value


def _is_of_records(top: Section) -> bool:
    form = top.text("form", "columns")
    if form not in ("columns", "records"):
        top.fail("form", f'{form!r} is neither "columns" (the default) nor "records"')
    for key in ("fields", "id"):
        if form == "records" and top.has(key):
            top.fail(key, 'has no place beside form = "records": the records name their own fields')
    return form == "records"


def _read_encoding(top: Section) -> str | None:
    encoding = top.text("encoding")
    if encoding is not None and not is_encoding(encoding):
        top.fail("encoding", f"{encoding!r:.40} is not an encoding of files; write utf-8, cp1252 or another usual one")
    return encoding


def _read_constants(top: Section) -> dict[str, Any]:
    constants = {key: top.text(key) for key in ("licence", "attribution")}
    section = top.section("constants")
    for path, value in section.values.items():
        where = field_at(path)
        if where is None or path in ("id", "source", "title"):
            section.fail(path, f"is not a field that can be the same in every row; {_fields_sentence()}")
        constants[path] = _constant(section, path, value, where)
    return {path: value for path, value in constants.items() if value}


def _read_id(section: Section) -> IdRule:
    column, pattern = section.text("column"), section.text("pattern")
    template = section.text("template", "{source}-{id}" if column else "{source}-{row}") or ""
    section.done()
    if pattern and not column:
        section.fail("pattern", "picks a part of a column's value; say which with column")
    wrong = [
        name for name in re.findall(r"\{([^{}]*)\}", template) if not re.fullmatch(r"(row|id|source)(:0\d\d?)?", name)
    ]
    if wrong or not re.search(r"\{(row|id)\b", template):
        section.fail("template", "needs {row} or {id}, may have {source}, and {row:04} for four digits; nothing else")
    if "{id" in template and not column:
        section.fail("template", 'has {id}, so say in which column the id stands: column = "…"')
    try:
        compiled = re.compile(pattern) if pattern else None
    except re.error as error:
        section.fail("pattern", f"is not a regular expression: {error}")
    if compiled and compiled.groups != 1:
        section.fail("pattern", r"needs one group in brackets around the id, as in 'PSTW-(\d+)'")
    return IdRule(template=template, column=column_name(column) if column else None, pattern=compiled)


def _read_rules(fields: Section) -> tuple[Rule, ...]:
    return tuple(_read_rule(fields, path) for path in fields.values)


def _read_rule(fields: Section, path: str) -> Rule:
    where = field_at(path)
    if where is None or path in ("id", "source"):
        fields.fail(path, f"is not a field of a pilot; {_fields_sentence()}")
    if where.kind is Kind.PARTS:
        fields.fail(path, f'has several parts, each with fields of its own: write [fields."{path}.1.…"]')
    section = fields.section(path)
    section.done(_KEYS)
    for key in section.values:
        if where.kind not in _KEYS[key]:
            section.fail(key, f"does not fit: {path} holds {where.kind}")
    rule = Rule(
        field=where,
        columns=tuple(map(column_name, (*section.texts("column"), *section.texts("columns")))),
        template=section.text("template"),
        marked=tuple(map(column_name, section.texts("marked"))),
        split=section.texts("split"),
        join=section.text("join", "\n") or "",
        prefix=section.text("prefix", "") or "",
        table=_read_table(section, where),
        formats=_read_formats(section),
        also=section.texts("also"),
        otherwise=section.text("otherwise"),
        fixed=_constant(section, "fixed", section.values["fixed"], where) if section.has("fixed") else None,
    )
    if not (rule.columns or rule.template or rule.marked or rule.also or rule.otherwise or rule.fixed is not None):
        section.fail("column", 'is missing: say where the value comes from, with column = "…" (or columns, template)')
    if rule.fixed is not None and not re.search(r"\.\d+\.", path):
        section.fail("fixed", "is for the parts of a list (assets.1.name); write other constants under [constants]")
    if where.kind is Kind.FLAG and rule.columns and rule.table is None:
        section.fail("table", "is missing: say which words mean true and which false")
    return rule


def _read_table(section: Section, where: Field) -> dict[str, Any] | None:
    if not section.has("table"):
        return None
    table = section.section("table")
    return {
        " ".join(word.split()).casefold(): value if value == "" else _constant(table, word, value, where)
        for word, value in table.values.items()
    }


def _read_formats(section: Section) -> tuple[str, ...]:
    formats = section.texts("formats")
    for form in formats:
        try:
            date_pattern(form)
        except DateFormatError as error:
            section.fail("formats", str(error))
    return formats


def _constant(section: Section, key: str, value: Any, where: Field) -> Any:
    """A value written in the mapping itself, checked as the field will check it."""
    match where.kind:
        case Kind.TEXTS if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return value
        case Kind.FLAG if isinstance(value, bool):
            return value
        case Kind.FLAG | Kind.PARTS:
            section.fail(key, f"holds {where.kind}, not {value!r:.40}")
    if not isinstance(value, str):
        section.fail(key, f"needs a text in quotation marks, not {value!r:.40}")
    if where.kind is Kind.CHOICE and value not in where.choices:
        section.fail(key, f'{value!r} is none of {", ".join(where.choices)} (or "" for nothing)')
    try:
        if where.kind is Kind.COUNTRY:
            country_code(value)
        elif where.kind is Kind.LINK:
            require_link(value, key)
        elif where.path == "lang":  # only a pilot itself says what a language code is
            pilot_from_record({"id": "1", "source": "1", "title": "1", "lang": value})
    except InvalidRecordError as error:
        section.fail(key, error.reason)
    return value


def _fields_sentence() -> str:
    return f"the fields are {', '.join(record_fields())} (see {REFERENCE} of the project)"

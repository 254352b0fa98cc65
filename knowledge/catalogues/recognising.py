"""Which catalogue a file is: told by name, by a mapping, or by its header."""

import functools
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from knowledge.catalogues.mapped import fit_to_columns, missing_sentence
from knowledge.catalogues.mapping import HOW_TO_MAP, CatalogueMapping
from knowledge.catalogues.mapping_files import read_mapping
from knowledge.catalogues.reading import read_table
from knowledge.catalogues.tables import Table
from knowledge.errors import InvalidFileError


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A file opened, checked, and matched with the mapping for it. `missing` columns are only missed, not needed."""

    path: Path
    mapping: CatalogueMapping
    table: Table
    missing: tuple[str, ...] = ()


def open_catalogue(path: Path, *, name: str | None = None, mapping_file: Path | None = None) -> Catalogue:
    """InvalidFileError, before anything was done with a row, where the file is not what it should be."""
    if mapping_file is not None:
        return _with_mapping(path, read_mapping(mapping_file), strict=True)
    if name is not None:
        return _with_mapping(path, _shipped(name), strict=False)
    table = read_table(path)
    for mapping in shipped_mappings().values():
        if mapping.recognises(table.columns):
            return _fitted(path, mapping, table, strict=False)
    raise InvalidFileError(
        f"{path.name} is none of the catalogues known here ({', '.join(shipped_mappings())}). If it is one of them, "
        f"name it with --catalogue; else {HOW_TO_MAP}. "
        f"Its columns are: {', '.join(table.columns)}."
    )


@functools.cache
def shipped_mappings() -> dict[str, CatalogueMapping]:
    """By name; the project's own form last, since its header asks for least."""
    folder = resources.files("knowledge.catalogues")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".toml"))
    mappings = []
    for name in names:
        with resources.as_file(folder / name) as path:
            mappings.append(read_mapping(path))
    return {mapping.name: mapping for mapping in sorted(mappings, key=lambda mapping: mapping.records)}


def _shipped(name: str) -> CatalogueMapping:
    try:
        return shipped_mappings()[name]
    except KeyError:
        raise InvalidFileError(
            f"{name!r} is no catalogue known here; the catalogues are {', '.join(shipped_mappings())}. "
            f"For another, {HOW_TO_MAP}."
        ) from None


def _with_mapping(path: Path, mapping: CatalogueMapping, *, strict: bool) -> Catalogue:
    table = read_table(path, encoding=mapping.encoding, sheet=mapping.sheet, list_name=mapping.list_name)
    return _fitted(path, mapping, table, strict=strict)


def _fitted(path: Path, mapping: CatalogueMapping, table: Table, *, strict: bool) -> Catalogue:
    """A mapping written for this very file must fit it; a shipped one allows for a newer edition of the catalogue."""
    if mapping.records:
        if "title" not in table.columns:
            raise InvalidFileError(missing_sentence(mapping, ["title"], table.columns))
        return Catalogue(path, mapping, table)
    fit = fit_to_columns(mapping, table.columns)
    if strict and fit.missing:
        raise InvalidFileError(missing_sentence(mapping, list(fit.missing), table.columns))
    return Catalogue(path, fit.mapping, table, fit.missing)

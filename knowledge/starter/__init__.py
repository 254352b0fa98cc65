"""The starter catalogue: public programmes in our own words, as YAML lists of records beside this file."""

from collections.abc import Iterator
from importlib import resources

from knowledge.catalogues.json_tables import read_yaml
from knowledge.catalogues.tables import Unreadable
from knowledge.errors import InvalidFileError, InvalidRecordError
from knowledge.pilots import Pilot
from knowledge.records import pilot_from_record


def starter_pilots() -> Iterator[Pilot]:
    """In the order of the files' names; InvalidFileError names the record that is wrong."""
    folder = resources.files("knowledge.starter")
    for name in sorted(each.name for each in folder.iterdir() if each.name.endswith(".yaml")):
        with resources.as_file(folder / name) as path:
            table = read_yaml(path, None)
            for number, row in table.rows():
                if isinstance(row, Unreadable):
                    raise InvalidFileError(f"{name}, record {number}: {row.reason}")
                try:
                    yield pilot_from_record(row)
                except InvalidRecordError as error:
                    raise InvalidFileError(f"{name}, record {number}: {error}") from None

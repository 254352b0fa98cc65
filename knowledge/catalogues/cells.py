"""One field of one row: from what its cells hold to what the field may hold, or a note why not."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from knowledge.catalogues.layout import Kind
from knowledge.catalogues.mapping import CatalogueMapping, Rule
from knowledge.catalogues.tables import Cell, Row, column_name
from knowledge.catalogues.written_dates import read_date
from knowledge.countries import country_code
from knowledge.errors import InvalidRecordError
from knowledge.record_paths import value_at
from knowledge.text import clean

_ADDRESS = re.compile(r"https?://[^\s<>\"]{3,2000}", re.IGNORECASE)
_WITHOUT_SCHEME = re.compile(r"www\.[^\s<>\",;]+\.[^\s<>\",;]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """One field of one row being read."""

    mapping: CatalogueMapping
    rule: Rule
    row: Row
    notes: list[tuple[str, str]]

    def value(self) -> Any:
        """What the field will hold; None, "" or [] where the row says nothing of it."""
        return _READERS[self.rule.field.kind](self)

    def note(self, reason: str) -> None:
        self.notes.append((self.rule.field.path, reason))

    def cell(self, name: str) -> Cell:
        return self.row[name] if name in self.row else value_at(self.row, name)

    def text(self, name: str) -> str:
        text = cell_text(self.cell(name))
        return "" if text.casefold() in self.mapping.empty else text

    def texts(self) -> Iterator[str]:
        """Every text that the columns hold, split, looked up in the table, once each."""
        given: dict[str, None] = {}
        for name in self.rule.columns:
            for text in self.pieces(name):
                looked_up = self.look_up(text)
                if isinstance(looked_up, str) and looked_up:
                    given[looked_up] = None
        given |= dict.fromkeys(name for name in self.rule.marked if self.text(name))
        return iter(given)

    def pieces(self, name: str) -> list[str]:
        cell = self.cell(name)
        texts = [cell_text(each) for each in cell] if isinstance(cell, list) else [self.text(name)]
        if self.rule.split:
            pattern = "|".join(map(re.escape, self.rule.split))
            texts = [piece.strip() for text in texts for piece in re.split(pattern, text)]
        if self.rule.field.kind is Kind.TEXTS:
            texts = [" ".join(text.split()) for text in texts]
        return [text for text in texts if text and text.casefold() not in self.mapping.empty]

    def look_up(self, text: str) -> Any:
        """What the table says. Countries and a list's words may stay as they are; any other unlisted value is noted."""
        table = self.rule.table
        if table is None:
            return text
        word = " ".join(text.split()).casefold()
        if word in table:
            return table[word]
        if self.rule.field.kind in (Kind.TEXTS, Kind.COUNTRY) or self.rule.split:
            return text
        self.note(f"{text[:80]!r} has no entry in the table of {self.mapping.file}; left out")
        return None

    def filled(self, template: str | None) -> str:
        """The template with its columns' texts; nothing where none of them has any."""
        if not template:
            return ""
        texts = {name: self.text(self.actual(name)) for name in re.findall(r"\{([^{}]+)\}", template)}
        if texts and not any(texts.values()):
            return ""
        return clean(re.sub(r"\{([^{}]+)\}", lambda match: texts[match[1]], template))

    def actual(self, name: str) -> str:
        name = column_name(name)
        if name in self.row:
            return name
        return next((each for each in self.row if each.casefold() == name.casefold()), name)


def _read_text(reading: Reading) -> str | None:
    rule = reading.rule
    text = reading.filled(rule.template) or rule.join.join(reading.texts())
    if text:
        return rule.prefix + text
    return reading.filled(rule.otherwise) or None


def _read_texts(reading: Reading) -> list[str]:
    return list(dict.fromkeys((*reading.texts(), *reading.rule.also)))


def _read_link(reading: Reading) -> str | None:
    texts = [reading.filled(reading.rule.template), *(reading.text(name) for name in reading.rule.columns)]
    for text in filter(None, texts):
        addresses = web_addresses(text)
        if not addresses:
            reading.note(f"{text[:80]!r} holds no web address; left out")
            continue
        if len(addresses) > 1:
            reading.note(f"holds {len(addresses)} web addresses; the first is kept")
        elif addresses[0] not in (text, f"https://{text}"):
            reading.note(f"{text[-80:]!r} is more than a web address; {addresses[0][-80:]!r} is kept")
        return addresses[0]
    return reading.filled(reading.rule.otherwise) or None


def web_addresses(text: str) -> list[str]:
    """Every address that a text holds, once each, without the punctuation around it."""
    if _WITHOUT_SCHEME.fullmatch(text):
        return [f"https://{text}"]
    if text.lower().count("http") == 1 and (whole := _whole_address(text)):
        return [whole]
    # Two may stand together with nothing but a comma or semicolon between them.
    separate = re.sub(r"[,;](?=https?://)", " ", text, flags=re.IGNORECASE)
    found = [_without_end(match) for match in _ADDRESS.findall(separate)]
    return list(dict.fromkeys(address for address in found if len(address) > len("https://x")))


def _whole_address(text: str) -> str | None:
    """The text where all of it is one address, though its path may have spaces: https://a.eu/Proof of Concepts/one."""
    first, *rest = text.split(" ")
    goes_on = len(rest) <= 4 and "\n" not in text and first[-1:] not in ",;." and "/" in (rest or [""])[-1]
    return text.replace(" ", "%20") if _ADDRESS.fullmatch(first) and (not rest or goes_on) else None


def _without_end(address: str) -> str:
    """Without the punctuation of the sentence around it; a bracket stays where the address opens it."""
    while address and (address[-1] in ".,;:!?'" or (address[-1] == ")" and address.count(")") > address.count("("))):
        address = address[:-1]
    return address


def _first(read: Callable[[Reading, Cell, str], Any]) -> Callable[[Reading], Any]:
    """The first column with a value that can be read; each that cannot is noted."""

    def reader(reading: Reading) -> Any:
        for name in reading.rule.columns:
            text = reading.text(name)
            if not text:
                continue
            try:
                value = read(reading, reading.cell(name), text)
            except InvalidRecordError as error:
                reading.note(f"{error.reason}; left out")
                continue
            if value not in (None, ""):
                return value
        return None

    return reader


def _country(reading: Reading, _cell: Cell, text: str) -> str | None:
    found = reading.look_up(text)
    return country_code(found) if found else None


def _date(reading: Reading, cell: Cell, text: str) -> str:
    language = reading.mapping.constants.get("lang", "en")
    written = read_date(cell if isinstance(cell, date) else text, reading.rule.formats, (language, "en"))
    if written.remark:
        reading.note(f"of {text[:80]!r}, {written.date} is kept{written.why}")
    if reading.rule.field.kind is Kind.DAY and len(written.date.iso) < 10:
        raise InvalidRecordError(f"{text[:80]!r} is no day, and a day is needed")
    return written.date.iso


def _choice(reading: Reading, _cell: Cell, text: str) -> Any:
    if reading.rule.table is not None:
        return reading.look_up(text)
    word = text.casefold().replace(" ", "_").replace("-", "_")
    if word in reading.rule.field.choices:
        return word
    raise InvalidRecordError(f"{text[:80]!r} is none of {', '.join(reading.rule.field.choices)}")


_READERS: dict[Kind, Callable[[Reading], Any]] = {
    Kind.TEXT: _read_text,
    Kind.TEXTS: _read_texts,
    Kind.LINK: _read_link,
    Kind.COUNTRY: _first(_country),
    Kind.PERIOD: _first(_date),
    Kind.DAY: _first(_date),
    Kind.CHOICE: _first(_choice),
    Kind.FLAG: _first(_choice),
}


def cell_text(cell: Cell) -> str:
    """A cell as a person reads it."""
    match cell:
        case str():
            return clean(cell)
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case list():
            return ", ".join(filter(None, map(cell_text, cell)))
        case dict():
            return json.dumps(cell, ensure_ascii=False, default=str)
    return clean(str(cell))

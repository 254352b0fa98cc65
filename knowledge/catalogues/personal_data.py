"""Contact data and identity numbers in free text: found with care for numbers that only look like them."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import phonenumbers

from knowledge.catalogues.identity_numbers import find_identity_numbers
from knowledge.countries import country_code
from knowledge.errors import InvalidRecordError
from knowledge.record_names import PROVENANCE_NAMES, plain_path


class PersonalData(StrEnum):
    EMAIL = "email"
    PHONE = "phone_number"
    IDENTITY = "identity_number"

    @property
    def label(self) -> str:
        """As people call it."""
        return _LABELS[self]


_LABELS = {
    PersonalData.EMAIL: "e-mail",
    PersonalData.PHONE: "phone number",
    PersonalData.IDENTITY: "identity number",
}


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    start: int
    end: int
    kind: PersonalData


# Not free text: what identifies the record, and the fields that are there to reach someone.
_NOT_FREE = frozenset({
    *PROVENANCE_NAMES, "country", "lang", "stage", "mechanism", "dates", "owner", "deputy", "visibility",
    "stakeholders.last_contact", "evaluations.evidence", "assets.link", "assets.licence", "competence.support_line",
})  # fmt: skip

_AT = r"(?:@|\s?[\[(](?:at|@)[\])]\s?)"
_DOT = r"(?:\.|\s?[\[(]dot[\])]\s?)"
_EMAIL = re.compile(
    rf"(?<![\w.+-])(?<!://)\w[\w.+'-]{{0,63}}{_AT}(?:[\w-]{{1,63}}{_DOT}){{1,5}}[A-Za-z]{{2,24}}(?![\w-])"
)
# Seven digits or more with the separators of phone numbers: a cheap first sieve.
_DIGITS = re.compile(
    r"(?<![\w.,/€$£#-])(?:\+|\(\+?|00)?\d(?:[ \u00a0()./\u2010-\u2013-]{0,3}\d){6,14}(?![\w€%]|[-./:]\d)"
)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_PHONE_WORDS = re.compile(
    r"\b(?:tel|tele(?:f|ph)\w*|phone|call(?:ing)?|text|fax|mobile|mobiel|cell|contact|hotline|helpline|helpdesk|"
    r"dial|bel|bellen|anrufen?|rufnummer|tfn?|tlf|mob|gsm|puh|puhelin|teléfono|téléphone|telefono|whatsapp|sms|t)\b",
    re.IGNORECASE,
)
_NOT_PHONE_WORDS = re.compile(
    r"(?:isbn|issn|doi|arxiv|pmid|case|no|nr|number|version|v|grant|contract|award|id|ref|zaak|dossier|eur|usd|gts|code|"
    r"article|section|§|nct|ticket|order|project)\s?[.:#-]?\s*$",
    re.IGNORECASE,
)
# As only phone numbers are written: in the groups of North America, or with the zero that a trunk call begins with.
_GROUPED = re.compile(r"(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}")
_TRUNK = re.compile(r"\(?0(?:\D{0,2}\d){8,11}")
_DAY = re.compile(r"\d\d[-./ ]\d\d[-./ ](?:19|20)\d\d|(?:19|20)\d\d[-./ ]\d\d[-./ ]\d\d|0(?:-\d+){3}")


def find_personal_data(text: str, country: str | None = None) -> list[Finding]:
    """In order, none inside another. `country` tells how its phone numbers are written."""
    found: list[Finding] = []
    if "@" in text or "at)" in text or "at]" in text:
        found += (Finding(start, end, PersonalData.EMAIL) for start, end in _emails(text))
    if sum(map(text.count, "0123456789")) >= 6:
        found += (Finding(start, end, PersonalData.IDENTITY) for start, end in find_identity_numbers(text))
        found += (Finding(start, end, PersonalData.PHONE) for start, end in _phones(text, country))
    return list(_without_overlaps(sorted(found)))


def mask(text: str, country: str | None = None) -> tuple[str, Counter[PersonalData]]:
    """The text with what was found replaced by what it was, and how many of each."""
    findings = find_personal_data(text, country)
    pieces: list[str] = []
    kept = 0
    for finding in findings:
        pieces += (text[kept : finding.start], f"[{finding.kind.label} removed]")
        kept = finding.end
    return "".join((*pieces, text[kept:])), Counter(finding.kind for finding in findings)


def mask_record(record: dict[str, Any]) -> Counter[PersonalData]:
    """Mask the free text of a record in place."""
    masked: Counter[PersonalData] = Counter()
    country = _country_of(record)
    for name, value in record.items():
        record[name] = _masked(value, plain_path(name), country, masked)
    return masked


def _country_of(record: Mapping[str, Any]) -> str | None:
    """The code, whether the record has it or, as our own form, the name; None where it says no country."""
    try:
        return country_code(str(record.get("country")))
    except InvalidRecordError:
        return None


def _masked(value: Any, path: str, country: str | None, masked: Counter[PersonalData]) -> Any:
    if path in _NOT_FREE:
        return value
    match value:
        case str():
            text, counts = mask(value, country)
            masked.update(counts)
            return text
        case dict():
            return {name: _masked(each, f"{path}.{name}", country, masked) for name, each in value.items()}
        case list():
            return [_masked(each, path, country, masked) for each in value]
    return value


def _emails(text: str) -> Iterator[tuple[int, int]]:
    for match in _EMAIL.finditer(text):
        if not match[0].startswith("git@"):  # git@github.com:someone/something is an address of code
            yield match.span()


def _phones(text: str, country: str | None) -> Iterator[tuple[int, int]]:
    addresses = [match.span() for match in _ADDRESS.finditer(text)]
    for match in _DIGITS.finditer(text):
        before = bisect_right(addresses, match.start(), key=lambda span: span[0]) - 1
        inside_address = before >= 0 and match.start() < addresses[before][1]
        if not inside_address and _is_phone(text, match, country):
            yield match.span()


def _is_phone(text: str, match: re.Match[str], country: str | None) -> bool:
    """A valid number that is written as one: with its country's prefix, in its groups, or after a word for it."""
    before = text[max(0, match.start() - 30) : match.start()]
    if _NOT_PHONE_WORDS.search(before):
        return False
    written = match[0]
    trunk = _TRUNK.fullmatch(written) and not _DAY.match(written)
    told = written.startswith(("+", "(+", "00")) or _GROUPED.fullmatch(written) or _PHONE_WORDS.search(before)
    if not (told or trunk):
        return False
    if written.startswith("00"):
        written = f"+{written[2:]}"
    try:
        number = phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException:
        return False
    if not told and written.isdigit():  # digits alone: only as people write the numbers of their mobiles
        return phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    return phonenumbers.is_valid_number(number)


def _without_overlaps(findings: list[Finding]) -> Iterator[Finding]:
    end = 0
    for finding in findings:
        if finding.start >= end:
            yield finding
            end = finding.end

"""Countries by their ISO 3166 codes, and the names by which people and catalogues call them."""

import functools

from babel import Locale

from knowledge.errors import InvalidRecordError

# Territories of CLDR that are no country; EU is kept: the Union runs pilots of its own.
_NOT_COUNTRIES = frozenset({"EZ", "QO", "UN", "XA", "XB", "ZZ", "CP", "DG", "EA", "IC", "TA", "AC", "CQ"})

# What people write and CLDR does not list.
_ALSO_CALLED = {
    "usa": "US", "u.s.": "US", "u.s.a.": "US", "america": "US", "united states of america": "US",
    "uk": "GB", "u.k.": "GB", "great britain": "GB", "britain": "GB", "england": "GB", "scotland": "GB",
    "wales": "GB", "northern ireland": "GB", "holland": "NL", "the netherlands": "NL", "czech republic": "CZ",
    "turkey": "TR", "korea": "KR", "south korea": "KR", "republic of korea": "KR", "eu": "EU",
    "european commission": "EU", "uae": "AE", "emirates": "AE", "macedonia": "MK", "russian federation": "RU",
    "vietnam": "VN", "ivory coast": "CI", "slovak republic": "SK", "republic of moldova": "MD", "bosnia": "BA",
}  # fmt: skip


def country_code(name: str) -> str:
    """The code of a country given by code or by its name in English or in its own languages."""
    wanted = name.strip()
    if wanted.upper() in country_names():
        return wanted.upper()
    try:
        return names_to_codes()[wanted.casefold()]
    except KeyError:
        raise InvalidRecordError(
            f"{name[:60]!r} is not a country; write its English name or its two-letter code", field="country"
        ) from None


def country_name(code: str, language: str = "en") -> str:
    return _territories(language).get(code, code)


@functools.cache
def country_names() -> dict[str, str]:
    """English names by code."""
    return {code: name for code, name in _territories("en").items() if _is_country(code)}


@functools.cache
def names_to_codes() -> dict[str, str]:
    """Codes by casefolded name, in the languages that communities here write."""
    names: dict[str, str] = {}
    for language in ("pt", "it", "fr", "es", "fi", "sv", "da", "nb", "de", "nl", "en"):
        names |= {name.casefold(): code for code, name in _territories(language).items() if _is_country(code)}
    spelt_out = {name.replace(" & ", " and "): code for name, code in names.items()}
    return {name: code for name, code in (names | spelt_out).items() if len(name) > 2} | _ALSO_CALLED


@functools.cache
def _territories(language: str) -> dict[str, str]:
    return dict(Locale.parse(language).territories)


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES

import pytest

from knowledge.countries import country_code, country_name, country_names
from knowledge.errors import InvalidRecordError


def test_every_country_is_found_by_its_code_and_by_its_english_name() -> None:
    assert len(country_names()) > 240
    for code, name in country_names().items():
        assert country_code(code) == country_code(code.lower()) == country_code(name) == code
        assert country_name(code) == name


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("The Netherlands", "NL"), ("Nederland", "NL"), ("Deutschland", "DE"), ("ESPAÑA", "ES"), ("Suomi", "FI"),
        ("Norge", "NO"), ("UK", "GB"), ("Scotland", "GB"), ("U.S.", "US"), ("USA", "US"), ("UAE", "AE"),
        ("European Union", "EU"), ("EU", "EU"), ("  France ", "FR"), ("Bosnia and Herzegovina", "BA"),
    ],
)  # fmt: skip
def test_countries_are_known_by_the_names_people_write(name: str, code: str) -> None:
    assert country_code(name) == code


@pytest.mark.parametrize("name", ["", "Atlantis", "ZZ", "XX", "001", "Europe", "worldwide"])
def test_what_is_no_country_is_refused(name: str) -> None:
    with pytest.raises(InvalidRecordError, match="country"):
        country_code(name)


def test_countries_have_names_in_other_languages() -> None:
    assert country_name("DE", "nl") == "Duitsland"

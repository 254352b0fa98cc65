"""Contact data and identity numbers are found where they are, and other numbers are left alone."""

import pytest

from knowledge.catalogues.personal_data import PersonalData, mask, mask_record

E_MAIL, PHONE, NUMBER = "[e-mail removed]", "[phone number removed]", "[identity number removed]"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Write to jane.doe+x@city.example.gov.", f"Write to {E_MAIL}."),
        ("<é.dupont@ville.fr>/x.y@z.org", f"<{E_MAIL}>/{E_MAIL}"),
        ("jan (at) gemeente (dot) nl", E_MAIL),
        ("jan[at]gemeente.nl", E_MAIL),
        ("info@office.example", E_MAIL),
    ],
)
def test_e_mail_addresses_are_masked(text: str, masked: str) -> None:
    assert mask(text) == (masked, {PersonalData.EMAIL: masked.count(E_MAIL)})


@pytest.mark.parametrize(
    ("country", "text", "masked"),
    [
        ("NL", "bel +31 20 123 4567 nu", f"bel {PHONE} nu"),
        ("NL", "+31 (0)20 123 4567", PHONE),
        ("NL", "06-12345678 of 0612345678", f"{PHONE} of {PHONE}"),
        ("NL", "0031 20 552 1111", PHONE),
        ("FR", "06 12 34 56 78", PHONE),
        ("US", "call 202-555-0123", f"call {PHONE}"),
        ("US", "(202) 555-0143, x", f"{PHONE}, x"),
        ("US", "1-800-829-1040", PHONE),
        ("US", "phone: 2024561111", f"phone: {PHONE}"),
        ("GB", "020 7946 0958", PHONE),
        ("DE", "Tel.: 030/1234567", f"Tel.: {PHONE}"),
        ("NO", "tlf 22 33 44 55", f"tlf {PHONE}"),
        ("SE", "08-508 00 000", PHONE),
        (None, "+1 (202) 456-1111", PHONE),
    ],
)
def test_phone_numbers_are_masked_as_their_country_writes_them(country: str | None, text: str, masked: str) -> None:
    assert mask(text, country)[0] == masked


@pytest.mark.parametrize(
    "text",
    [
        "BSN 123456782",
        "burgerservicenummer: 1112.22.333",
        "fødselsnummer 15108695088",
        "CPR 211062-5629",
        "personnummer 880320-0016",
        "19880320-0016",
        "131052-308T",
        "85.07.30-033.28",
        "rijksregisternummer 85073003328",
        "2 95 10 99 126 111 93",
        "DNI 54362315K",
        "NIE x-2482300w",
        "RCCMNL83S18D969H",
        "NIF 501964843",
        "SSN 536-90-4399",
        "social security number 536904399",
        "NI number AB 12 34 56 C",
        "IdNr 36574261809",
        "isikukood 36805280109",
    ],
)
def test_identity_numbers_are_masked_where_their_form_or_a_word_tells_them(text: str) -> None:
    assert NUMBER in mask(text)[0]


@pytest.mark.parametrize(
    ("country", "text"),
    [
        ("NL", "budget 1 234 567 890 euro, € 12 345 678, 1.234.567.890 or 1,234,567,890"),
        ("DE", "ISBN 978-3-16-148410-0, EAN 4006381333931"),
        ("GB", "ISBN 0-306-40615-2"),
        ("NL", "01-01-2021, 2021-01-01, 10.05.2022 and 3/13/2025 12:00"),
        ("US", "2020-2023, 1984–2019, call 2024-2025, contact 2014-2020"),
        ("US", "case 2021-0012345, contract 720BHA23GR00104, NCT04567890, TX 76102-6124, 8415-01-515-0364"),
        ("FI", "under grant agreement No 101070350"),
        ("NL", "Verordening (EU) 2019/1020, nr. 1107/2009, KvK 34369366, 52.3702, 4.8952"),
        ("US", "https://example.org/2024561111/202-555-0123 and 192.168.001.001, doi 10.1109/5.771073"),
        ("NL", "nummer 123456782 en 0123456789"),
        ("NO", "12345678901"),
        ("US", "git@github.com:team/code.git, https://user@host.example.org/x, GPT@JRC, @handle, 5pm @ 30 m"),
    ],
)
def test_other_numbers_and_signs_are_left_alone(country: str, text: str) -> None:
    assert mask(text, country) == (text, {})


def test_free_text_is_masked_wherever_it_stands_and_contacts_are_kept() -> None:
    mail = "jane@city.example"
    record = {
        "id": mail, "title": f"Ask {mail}", "country": "NL", "url": f"https://city.example/?{mail}",
        "owner": {"name": "Jane", "address": mail}, "tags": ["health", mail],
        "competence": {"support_line": mail, "manual": f"from {mail}"},
        "barriers": [{"description": f"{mail} left", "solved_by": "bel 06-12345678"}],
        "funding": {"source": f"the city ({mail})"}, "license": mail,
        "assets": [{"name": mail, "link": f"https://city.example/?{mail}"}],
    }  # fmt: skip
    counts = mask_record(record)
    assert counts == {PersonalData.EMAIL: 6, PersonalData.PHONE: 1}
    assert (record["id"], record["license"]) == (mail, mail)
    assert record["funding"] == {"source": f"the city ({E_MAIL})"}
    assert record["assets"] == [{"name": E_MAIL, "link": f"https://city.example/?{mail}"}]
    assert record["owner"] == {"name": "Jane", "address": mail}
    assert record["tags"] == ["health", E_MAIL]
    assert record["competence"] == {"support_line": mail, "manual": f"from {E_MAIL}"}
    assert record["barriers"] == [{"description": f"{E_MAIL} left", "solved_by": f"bel {PHONE}"}]


@pytest.mark.parametrize("country", ["NL", "nl", "Netherlands", "Nederland"])
def test_a_record_may_say_its_country_by_code_or_by_name(country: str) -> None:
    record = {"title": "A", "country": country, "summary": "bel 06-12345678 of tel. 020 552 1111"}
    assert mask_record(record) == {PersonalData.PHONE: 2}
    assert record["summary"] == f"bel {PHONE} of tel. {PHONE}"


@pytest.mark.parametrize("country", [None, "", "Atlantis", ["NL"], {"unknown_because": "it ran in several"}, "EU"])
def test_without_a_country_only_numbers_with_their_prefix_are_masked(country: object) -> None:
    record = {"title": "A", "country": country, "summary": "bel 06-12345678 of +31 20 552 1111"}
    assert mask_record(record) == {PersonalData.PHONE: 1}

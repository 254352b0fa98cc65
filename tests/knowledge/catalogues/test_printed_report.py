"""What people read of an import on a terminal."""

import pytest

from deploy.printing import import_report
from knowledge.catalogues.importing import ImportReport, Note, Skipped
from knowledge.catalogues.personal_data import PersonalData


def test_the_count_is_printed_last_and_personal_data_by_the_names_people_use(
    capsys: pytest.CaptureFixture[str],
) -> None:
    import_report(
        ImportReport(
            catalogue="mine",
            rows=3,
            saved=2,
            unchanged=0,
            empty=0,
            skipped=(Skipped(1, "title: is missing"),),
            notes=(Note(2, "url", "is none; left out"),),
            masked={PersonalData.EMAIL: 1, PersonalData.PHONE: 2},
        )
    )
    assert capsys.readouterr().out.splitlines() == [
        "  Row 1 left out: title: is missing",
        "  Row 2, url: is none; left out",
        "Contact data masked in texts: 1 e-mail, 2 phone numbers.",
        "3 rows of mine: 2 new or changed, 1 left out.",
    ]

import pytest

from knowledge.barriers import guess
from knowledge.pilots import BarrierKind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The tender takes eleven months.", BarrierKind.PROCUREMENT),
        ("Die Vergabestelle will eine neue Ausschreibung", BarrierKind.PROCUREMENT),
        ("Le service des marchés publics bloque l’appel d’offres", BarrierKind.PROCUREMENT),
        ("De aanbesteding loopt vast", BarrierKind.PROCUREMENT),
        ("Our lawyers doubt that the GDPR allows it", BarrierKind.LEGAL),
        ("The grant ends in May and nobody pays after", BarrierKind.FUNDING),
        ("We cannot get the data out of the register", BarrierKind.DATA),
        ("The old software has no API", BarrierKind.TECHNOLOGY),
        ("Nobody on the staff was trained for it", BarrierKind.SKILLS),
        ("Residents do not trust it", BarrierKind.PUBLIC_TRUST),
        ("The new mayor stopped listening", BarrierKind.LEADERSHIP),
        ("We are waiting for the other department to agree", BarrierKind.COORDINATION),
        ("People resist: it was always done the old way", BarrierKind.CULTURE),
        ("The weather", BarrierKind.OTHER),
        ("", BarrierKind.OTHER),
        ("\u0000 🚁", BarrierKind.OTHER),
    ],
)
def test_what_is_in_the_way_is_told_by_its_words(text: str, kind: BarrierKind) -> None:
    assert guess(text) is kind

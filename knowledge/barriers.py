"""What kind of thing is in the way, guessed from the words in which people say it; they have the last word."""

import re

from knowledge.pilots import BarrierKind
from knowledge.text import fold

# Beginnings of words in English, German, French and Dutch, as `fold` leaves them. What is more telling comes first.
_SIGNS = {
    BarrierKind.PROCUREMENT: "procure tender contract supplier vendor vergab ausschreib beschaff lieferant "
    "marche-public marches-publics appel-d-offres fournisseur aanbested inkoop leverancier",
    BarrierKind.LEGAL: "legal law lawyer regulation statut gdpr liabil permit recht gesetz jurist dsgvo haftung "
    "genehmig juridi loi reglement rgpd responsabil wettelijk wetgev avg vergunning aansprakelijk",
    BarrierKind.FUNDING: "fund budget money grant cost pay financ geld foerder forder kosten haushalt subvention "
    "argent cout subsid begroting bekost",
    BarrierKind.DATA: "data register-access daten donnees gegevens",
    BarrierKind.TECHNOLOGY: "software server api integrat legacy hardware technic technolog interface system "
    "schnittstell technisch logiciel systeme koppeling",
    BarrierKind.SKILLS: "skill train staff capacity expertise personal fachkraft schulung kompeten formation personnel "
    "opleid personeel vaardig",
    BarrierKind.PUBLIC_TRUST: "trust citizen resident press protest privacy-concern vertrau burger einwohner confiance "
    "citoyen habitant vertrouw inwoner",
    BarrierKind.LEADERSHIP: "leader mayor director management minister politic council fuhrung leitung burgermeister "
    "direktor politik direction maire elus bestuur burgemeester wethouder directeur",
    BarrierKind.COORDINATION: "coordinat department silo partner agreement depends waiting abstimm zustandig abteilung "
    "partenaire service-concern afstem afdeling wachten",
    BarrierKind.CULTURE: "culture resist habit mindset fear unwilling kultur widerstand gewohn angst peur habitude "
    "cultuur weerstand gewoont",
}  # fmt: skip
_PATTERNS = {
    kind: re.compile(rf"\b(?:{'|'.join(re.escape(sign.replace('-', ' ')) for sign in signs.split())})")
    for kind, signs in _SIGNS.items()
}


def guess(text: str) -> BarrierKind:
    """OTHER where nothing tells; of several kinds the one that most words tell, then the more telling one."""
    said = " ".join(re.sub(r"[^\w]+", " ", fold(text)).split())
    found = {kind: len(pattern.findall(said)) for kind, pattern in _PATTERNS.items()}
    best = max(found, key=lambda kind: found[kind])
    return best if found[best] else BarrierKind.OTHER

"""Greet: a hello, a thank-you, or words about the bot itself get a kind word instead of a search."""

import re
from collections.abc import Callable, Iterable

from bot import cards
from bot.messages import Message
from knowledge.questions import is_asking
from knowledge.text import shorten

TITLE_LENGTH = 80

_HELLO = frozenset(
    (
        "hi", "hello", "hey", "hi all", "hi there", "hello there", "hey there", "good morning", "good afternoon",
        "good evening", "hoi", "hallo", "goedemorgen", "goedemiddag", "guten morgen", "guten tag", "moin", "servus",
        "bonjour", "salut", "bonsoir", "hola", "buenos días", "buenas tardes", "ciao", "buongiorno", "olá", "bom dia",
        "hei", "hej", "god morgen", "god morgon", "goddag", "moi", "huomenta",
    )
)  # fmt: skip
_THANKS = frozenset(
    (
        "thanks", "thank you", "thanks a lot", "thank you very much", "many thanks", "thx", "cheers", "great thanks",
        "bedankt", "dank je", "dank u", "dank je wel", "danke", "vielen dank", "danke schön", "merci", "merci beaucoup",
        "gracias", "muchas gracias", "grazie", "grazie mille", "obrigado", "obrigada", "takk", "tusen takk", "tack",
        "tack så mycket", "tak", "mange tak", "kiitos",
    )
)  # fmt: skip
_HELP = frozenset(
    (
        "help", "help me", "help please", "please help", "i need help", "i need some help", "can you help me",
        "ich brauche hilfe", "können sie mir helfen", "kannst du mir helfen", "j ai besoin d aide", "aidez-moi",
        "pouvez-vous m aider", "ik heb hulp nodig", "kunt u me helpen", "kun je me helpen", "help mij", "wat kunt u",
        "was können sie", "que pouvez-vous faire",
        "what can you do", "who are you", "what are you", "how does this work", "what is this",
        "hulp", "wat kun je", "hilfe", "was kannst du", "aide", "que peux-tu faire", "ayuda", "qué puedes hacer",
        "aiuto", "ajuda", "hjelp", "hjälp", "hjælp", "apua",
    )
)  # fmt: skip


_ABOUT_ME = frozenset(
    (
        "who made you", "who built you", "who wrote you", "who created you", "who runs you", "are you a bot",
        "are you a robot", "are you human", "are you a human", "are you an ai", "are you real", "wer hat dich gemacht",
        "wer hat sie gemacht", "wer hat dich gebaut", "wer steckt hinter dir", "bist du ein bot", "sind sie ein bot",
        "bist du ein mensch", "qui t a créé", "qui vous a créé", "qui t a fait", "qui vous a fait", "es-tu un robot",
        "êtes-vous un robot", "es-tu humain", "wie heeft je gemaakt", "wie heeft jou gemaakt", "wie heeft u gemaakt",
        "ben je een bot", "bent u een bot", "ben je een mens",
    )
)  # fmt: skip
_PRIVACY = frozenset(
    (
        "is this private", "is this confidential", "is this anonymous", "is this conversation private",
        "who can see this", "who can read this", "who sees this", "who reads this", "what do you do with my data",
        "what happens to my data", "what do you do with my questions", "what happens to my questions",
        "what do you keep", "what do you store", "what do you save", "what do you know about me", "do you keep my data",
        "do you store my data", "do you keep my questions", "delete my data", "please delete my data",
        "delete all my data", "erase my data",
        "forget me", "delete my questions", "delete everything about me", "how do i delete my data",
        "can you delete my data",
        "ist das vertraulich", "ist das privat", "ist das anonym", "wer kann das lesen", "wer liest das",
        "wer sieht das", "was machst du mit meinen daten", "was machen sie mit meinen daten",
        "was passiert mit meinen daten", "was geschieht mit meinen daten", "was speicherst du", "was speichern sie",
        "was weißt du über mich", "lösche meine daten", "löschen sie meine daten", "bitte lösche meine daten",
        "bitte löschen sie meine daten", "meine daten löschen",
        "est-ce privé", "c est privé", "est-ce confidentiel", "c est confidentiel", "est-ce anonyme",
        "qui peut lire ça", "qui peut voir ça", "que faites-vous de mes données", "que fais-tu de mes données",
        "que faites-vous avec mes données", "que gardez-vous", "que gardes-tu", "supprimez mes données",
        "supprime mes données", "effacez mes données", "efface mes données",
        "is dit privé", "is dit vertrouwelijk", "is dit anoniem", "wie kan dit lezen", "wie kan dit zien",
        "wat doe je met mijn gegevens", "wat doet u met mijn gegevens", "wat gebeurt er met mijn gegevens",
        "wat bewaar je", "wat bewaart u", "wat sla je op", "verwijder mijn gegevens", "wis mijn gegevens",
    )
)  # fmt: skip
_HOW_MANY = frozenset(
    (
        "how many pilots do you know", "how many pilots are there", "how many pilots do you have", "how many pilots",
        "how many do you know", "how much do you know", "what do you know", "wie viele pilotprojekte kennst du",
        "wie viele pilotprojekte kennen sie", "wie viele projekte kennst du", "wie viele projekte kennen sie",
        "wie viele piloten kennst du", "was weißt du", "was wissen sie", "combien de projets connaissez-vous",
        "combien de projets connais-tu", "combien de projets pilotes connaissez-vous",
        "combien de projets pilotes connais-tu", "que savez-vous", "que sais-tu", "hoeveel pilots ken je",
        "hoeveel pilots kent u", "hoeveel projecten ken je", "hoeveel projecten kent u", "wat weet je", "wat weet u",
    )
)  # fmt: skip
_NOT_HELPFUL = frozenset(
    (
        "that was not helpful", "that wasn t helpful", "not helpful", "that is not helpful", "that s not helpful",
        "this is not helpful", "this was not helpful", "that did not help", "that didn t help", "this did not help",
        "you got that wrong", "you got it wrong", "you are wrong", "you re wrong", "that is wrong", "that s wrong",
        "this is wrong", "that was wrong", "that is not right", "that s not right", "that is not what i asked",
        "that s not what i asked", "that is not what i meant", "that s not what i meant",
        "das war nicht hilfreich", "nicht hilfreich", "das ist nicht hilfreich", "das hilft mir nicht",
        "das hat nicht geholfen", "das ist falsch", "das stimmt nicht", "das war falsch", "da liegst du falsch",
        "das habe ich nicht gefragt", "ce n était pas utile", "ça n a pas aidé", "ce n est pas utile", "pas utile",
        "c est faux", "vous vous trompez", "tu te trompes", "ce n est pas ce que j ai demandé",
        "dat was niet nuttig", "niet nuttig", "dat hielp niet", "dat helpt niet", "dat is niet nuttig",
        "dat klopt niet", "dat is fout", "dat heb ik niet gevraagd",
    )
)  # fmt: skip
# Of one pilot of the answer above, whichever: by itself it names nothing to search for.
_OF_ONE = frozenset(
    (
        "who can i talk to", "who do i talk to", "who should i talk to", "who can i ask", "who can i contact",
        "whom can i ask", "whom can i talk to", "who is the contact", "who can i ask about it",
        "who can i ask about the first one", "who can i ask about this", "what did it cost", "how much did it cost",
        "what did that cost", "how much did that cost", "what was the budget", "who paid for it", "why was it stopped",
        "why did it stop", "why did it fail", "why did they stop", "why was that stopped", "did it work",
        "did that work", "tell me more", "more", "more details", "more please", "what happened then",
        "mit wem kann ich sprechen", "wen kann ich fragen", "was hat es gekostet", "was hat das gekostet",
        "wie viel hat das gekostet", "warum wurde es eingestellt", "warum wurde das eingestellt",
        "warum wurde es gestoppt", "hat es funktioniert", "hat das funktioniert", "mehr", "mehr dazu", "mehr details",
        "à qui puis-je parler", "à qui puis-je demander", "qui puis-je contacter", "combien ça a coûté",
        "combien cela a-t-il coûté", "combien ça a couté", "pourquoi cela a-t-il été arrêté",
        "pourquoi ça a été arrêté", "pourquoi a-t-il été arrêté", "est-ce que ça a marché", "plus de détails",
        "met wie kan ik praten", "wie kan ik vragen", "wat kostte het", "wat heeft het gekost", "wat heeft dat gekost",
        "waarom is het gestopt", "waarom is dat gestopt", "waarom werd het gestopt", "werkte het", "meer",
        "meer details",
    )
)  # fmt: skip
_CARDS: tuple[tuple[frozenset[str], Callable[[], Message]], ...] = (
    (_HELLO, cards.welcome),
    (_THANKS, cards.you_are_welcome),
    (_HELP, cards.help_),
    (_ABOUT_ME, cards.about_me),
    (_PRIVACY, cards.privacy),
    (_HOW_MANY, cards.how_many),
    (_NOT_HELPFUL, cards.not_helpful),
    (_OF_ONE, cards.open_a_pilot),
)

_MORE_ON = re.compile(
    r"(?:(?:(?:please )?(?:tell me |show me |show )?(?:more (?:about|on) )?)"
    r"|(?:erzähl(?:en sie)? mir )?mehr (?:zu|über) |(?:dites-m en |dis-m en )?plus sur |(?:vertel me )?meer over )"
    r"(?:the |die |le |la |de |het )?(?:number |no |nummer |numéro |nr )?(?P<number>[1-9]\d?)"
)
_TRIED = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"we(?:['’]ve| have| had)?(?: also| once)? (?:tried|piloted|tested|trialled|trialed)(?: out)? (?P<what>.+)",
        r"wir haben(?: auch| schon)? (?P<what>.+?) (?:ausprobiert|probiert|getestet|erprobt|pilotiert)\b.*",
        r"nous avons(?: aussi| déjà)? (?:essayé|testé|expérimenté|piloté) (?P<what>.+)",
        r"(?:wij|we) hebben(?: ook| al)? (?P<what>.+?) (?:geprobeerd|uitgeprobeerd|getest|beproefd)\b.*",
    )
)
# Where what was tried ends, and when, or what came of it, begins.
_TRIED_ENDS = re.compile(
    r"[,.;:!–\n]|\s(?:and|but|which|because|with|last|this|in (?:19|20)\d\d|years|ago"
    r"|und|aber|letztes|letzten|im|vor|voriges|et|mais|l['’]an|l['’]année|il y a|en|maar|vorig|afgelopen)\b",
    re.IGNORECASE,
)
_IT = frozenset(("it", "that", "this", "them", "das", "es", "dies", "ça", "cela", "het", "dat", "dit"))
_ASKS_OTHERS = re.compile(
    r"[?]|\b(?:any(?:one|body)?|some(?:one|body)|who|others?|looking for|jemand|wer|andere|quelqu|qui|d['’]autres"
    r"|iemand|wie|anderen?)\b",
    re.IGNORECASE,
)


def greeting(said: str) -> Message | None:
    """The kind word, where what was said is nothing but that."""
    words = " ".join(re.sub(r"[^\w\s-]+", " ", said.casefold()).split())
    for phrases, card in _CARDS:
        if words in phrases:
            return card()
    if any(words.startswith(f"{each} ") and words.removeprefix(f"{each} ") in _NOT_HELPFUL for each in _politely()):
        return cards.not_helpful()
    if more := _MORE_ON.fullmatch(words):
        return cards.press_for_more(int(more["number"]))
    title = tried(said)
    return None if title is None else cards.worth_telling(title)


def _politely() -> Iterable[str]:
    """What may stand before saying that it was of no use."""
    return (*_THANKS, "sorry", "no", "but", "thanks but", "thank you but", "nein", "non", "nee")


def tried(said: str) -> str | None:
    """What somebody says that they tried, "" where it is but "it"; None where they say no such thing, or ask others."""
    text = " ".join(said.split())
    if _ASKS_OTHERS.search(text) or is_asking(text):
        return None
    match = next((match for each in _TRIED if (match := each.match(text))), None)
    if match is None:
        return None
    what = _TRIED_ENDS.split(match["what"], maxsplit=1)[0].strip()
    if what.casefold() in _IT:
        return ""
    return shorten(what[:1].upper() + what[1:], TITLE_LENGTH)

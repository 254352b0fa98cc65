"""Greet: a hello, a thank-you or a cry for help gets a kind word instead of a search."""

import re

from bot import cards
from bot.messages import Message

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
        "help", "help me", "what can you do", "who are you", "what are you", "how does this work", "what is this",
        "hulp", "wat kun je", "hilfe", "was kannst du", "aide", "que peux-tu faire", "ayuda", "qué puedes hacer",
        "aiuto", "ajuda", "hjelp", "hjälp", "hjælp", "apua",
    )
)  # fmt: skip


def greeting(said: str) -> Message | None:
    """The kind word, where what was said is nothing but that."""
    words = re.sub(r"[^\w\s-]+", " ", said.casefold()).split()
    match " ".join(words):
        case hello if hello in _HELLO:
            return cards.welcome()
        case thanks if thanks in _THANKS:
            return cards.you_are_welcome()
        case help_ if help_ in _HELP:
            return cards.help_()
    return None

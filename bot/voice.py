"""The language that the bot speaks at a moment. English stands in the code, the others in catalogues (bot/locale)."""

import functools
import gettext
import logging
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import resources
from importlib.resources.abc import Traversable

LANGUAGES = {"en": "English", "de": "Deutsch", "fr": "Français", "nl": "Nederlands"}
"""Codes, and what each language calls itself."""
ENGLISH = "en"
CATALOGUE = "pilotlight"

_THOUSANDS = {"de": ".", "fr": "\N{NARROW NO-BREAK SPACE}", "nl": "."}

_spoken: ContextVar[str] = ContextVar("spoken", default=ENGLISH)
_log = logging.getLogger(__name__)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """What is said within is said in that language; in English where the bot does not know it."""
    token = _spoken.set(language if language in LANGUAGES else ENGLISH)
    try:
        yield
    finally:
        _spoken.reset(token)


def spoken() -> str:
    """The language of the moment: always one of LANGUAGES."""
    return _spoken.get()


def say(text: str, /, **values: object) -> str:
    """A sentence in the language of the moment. Its named fields take the values; those are shown as they are."""
    return _filled(_catalogue(spoken()).gettext(text) if text else "", text, values)


def say_count(one: str, many: str, count: int, /, **values: object) -> str:
    """As `say`, in the number that goes with the count, which stands in the field of that name."""
    english = one if count == 1 else many
    shown = f"{count:,}".replace(",", _THOUSANDS.get(spoken(), ","))
    return _filled(_catalogue(spoken()).ngettext(one, many, count), english, {"count": shown, **values})


def phrase(text: str) -> str:
    """The text itself: marks one that stands in a table, for the catalogues to have it. It is said when shown."""
    return text


def _filled(template: str, english: str, values: dict[str, object]) -> str:
    if not values:
        return template
    try:
        return template.format(**values)
    except (LookupError, ValueError, TypeError, AttributeError):
        # A translation with a field that there is not; the tests see to it that none is shipped.
        return english.format(**values)


@functools.cache
def _catalogue(language: str) -> gettext.NullTranslations:
    """What there is of a language; of English, and where a catalogue cannot be read, nothing."""
    if language == ENGLISH:
        return gettext.NullTranslations()
    try:
        with _compiled(language).open("rb") as file:
            return gettext.GNUTranslations(file)
    except (OSError, ValueError, LookupError, struct.error) as error:
        _log.warning("The catalogue of %s cannot be read, so English is spoken: %s", language, error)
        return gettext.NullTranslations()


def _compiled(language: str) -> Traversable:
    return resources.files("bot").joinpath("locale", language, "LC_MESSAGES", f"{CATALOGUE}.mo")

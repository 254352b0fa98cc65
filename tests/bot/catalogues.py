"""The catalogues of the bot's languages, kept in step with what it says: `make translations`.

What it says is found in the code (`say`, `say_count`, `phrase`), in knowledge/dimensions.toml and the questions of
check-ins, and among the sentences with which knowledge refuses a question.
"""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from bot.question_sets import shipped
from bot.voice import CATALOGUE, ENGLISH, LANGUAGES
from knowledge.dimensions import rules
from knowledge.questions import follow_up, reading

ROOT = Path(__file__).parents[2]
LOCALE = ROOT / "bot" / "locale"
TRANSLATED = tuple(language for language in LANGUAGES if language != ENGLISH)
Sentence = str | tuple[str, str]
"""A text; or one in the singular and in the plural."""

_REFUSALS = {
    "knowledge/questions/reading.py": (reading._EMPTY, reading._NO_TOPIC, reading._NOT_TEXT),
    "knowledge/questions/follow_up.py": (follow_up._NOTHING,),
}
_HEADER = "# What Pilotlight says, in {language}. docs/how-to/translate.md tells how to correct it."
_BEGUN = datetime(2026, 11, 22, tzinfo=UTC)


def sentences() -> Iterator[tuple[str, Sentence]]:
    """All that has to be translated, each with the file it is said in; some more than once."""
    for path in sorted((ROOT / "bot").rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        for said in said_in(path.read_text(encoding="utf-8"), file):
            yield file, said
    for file, refusals in _REFUSALS.items():
        for refusal in refusals:
            yield file, refusal
    for rule in rules():
        yield "knowledge/dimensions.toml", rule.ask
        yield "knowledge/dimensions.toml", rule.why
    for questions in shipped().sets:
        for question in questions.questions:
            for text in (question.text, question.hint, *question.choices):
                if text:
                    yield f"bot/questions/{questions.key}.toml", text


def said_in(source: str, file: str) -> Iterator[Sentence]:
    """The sentences of a module, in its order. An f-string cannot be one: nobody could translate it."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        wanted = {"say": 1, "phrase": 1, "say_count": 2}.get(name, 0)
        texts = [each.value for each in call.args[:wanted] if isinstance(each, ast.Constant)]
        assert not any(isinstance(each, ast.JoinedStr) for each in call.args[:wanted]), (
            f"{file}:{call.lineno}: {name} takes a plain text with named fields, no f-string."
        )
        match texts:
            case [str() as text]:
                yield text
            case [str() as one, str() as many]:
                yield one, many


def template() -> Catalog:
    """The sentences, none of them translated, in the order in which they are met."""
    catalogue = Catalog(project="Pilotlight", domain=CATALOGUE, creation_date=_BEGUN, fuzzy=False)
    for file, sentence in sentences():
        catalogue.add(sentence, locations=[(file, 0)])
    return catalogue


def po_file(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{CATALOGUE}.po"


def read_catalogue(language: str) -> Catalog:
    """As it stands; empty where there is none."""
    path = po_file(language)
    if not path.exists():
        return Catalog(locale=language, project="Pilotlight", domain=CATALOGUE, creation_date=_BEGUN, fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=CATALOGUE, abort_invalid=True)


def update(language: str) -> int:
    """Write the catalogue and what is compiled of it anew; how many sentences wait for a translation."""
    catalogue = read_catalogue(language)
    catalogue.update(template(), update_creation_date=False)
    catalogue.header_comment = _HEADER.format(language=LANGUAGES[language])
    catalogue.last_translator = catalogue.language_team = "Pilotlight"
    catalogue.revision_date = _BEGUN
    path = po_file(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=120, include_lineno=False, ignore_obsolete=True)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)
    return sum(1 for message in catalogue if message.id and (message.fuzzy or not _is_translated(message.string)))


def _is_translated(string: object) -> bool:
    return all(string) if isinstance(string, list | tuple) else bool(string)


def main() -> None:
    for language in TRANSLATED:
        waiting = update(language)
        told = f"{waiting} sentences wait for a translation (empty or fuzzy)" if waiting else "complete"
        print(f"{LANGUAGES[language]}: {told}: {po_file(language).relative_to(ROOT)}")  # noqa: T201 - a command


if __name__ == "__main__":
    main()

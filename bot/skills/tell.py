"""Tell: a member tells the community of a pilot, by a short form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot import cards
from bot.actions import TellPilot
from bot.forms import Field, Form
from bot.messages import Message
from bot.people import Person
from bot.places import Place
from knowledge.catalogues.personal_data import mask_record
from knowledge.errors import InvalidRecordError
from knowledge.pilots import Direction, Stage
from knowledge.ports import Author, PilotStore
from knowledge.records import pilot_from_record
from knowledge.visibility import Audience

FORM = "tell"

_FIELDS = (
    Field(name="title", label="What was tried?", hint="in a few words", is_required=True),
    Field(name="summary", label="What did you do, where and for whom?", is_long=True, is_required=True),
    Field(name="organisation", label="Which organisation?"),
    Field(name="country", label="In which country?"),
    Field(
        name="stage",
        label="How far did it get?",
        value=Stage.PILOT,
        choices=tuple((each, cards.stage(each)) for each in Stage if each is not Stage.UNKNOWN),
    ),
    Field(name="outcome", label="What came of it, good or bad?", is_long=True),
    Field(name="stopped_because", label="If it was stopped: why?", is_long=True),
    Field(
        name="direction",
        label="Which way did the results point?",
        choices=(("", "too early to say"), *((each, cards.direction(each)) for each in Direction)),
    ),
    Field(name="url", label="Where can one read more?", hint="https://…"),
    Field(
        name="is_own",
        label="Is it yours?",
        choices=(("", "no, I only know of it"), ("yes", "yes, it is mine")),
        hint="then it stands on your own page, and people are sent to you",
    ),
    Field(name="owner", label="Whom may one ask?", hint="a name or a role"),
)
_PLAIN = ("title", "summary", "organisation", "country", "stage", "url")
_OUTCOME_NAMES = {"summary": "outcome", "direction": "direction", "stopped_because": "stopped_because"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    pilots: PilotStore
    now: Callable[[], datetime]
    new_id: Callable[[], str]

    def form(self, title: str = "") -> Form:
        fields = (replace(field, value=title) if field.name == "title" else field for field in _FIELDS)
        return Form(name=FORM, title="Tell of a pilot", fields=tuple(fields), send="Tell", action=TellPilot(title))

    async def take(self, values: Mapping[str, str], person: Person, place: Place) -> Message | Form:
        """Keep the pilot for this community; or the form again, with what is wrong at its field."""
        given = {name: value.strip() for name, value in values.items()}
        errors = {
            each.name: "Please fill this in." for each in _FIELDS if each.is_required and not given.get(each.name)
        }
        pilot = None
        while pilot is None:
            # What is wrong is found one at a time and told all at once: left out, it lets the rest be looked at.
            record = {"title": "–", **self._record({**given, **dict.fromkeys(errors, "")}, person, place)}
            mask_record(record)
            try:
                pilot = pilot_from_record(record)
            except InvalidRecordError as error:
                name = _field_of(error)
                if name in errors:
                    raise
                errors[name] = _reason(name, error)
        if errors:
            return self._again(given, errors)
        await self.pilots.save([pilot], Author(person.id, "told"), self.now())
        return cards.told(pilot)

    def _record(self, given: Mapping[str, str], person: Person, place: Place) -> dict[str, object]:
        """The record of what was typed, without what is empty."""
        record: dict[str, object] = {name: given[name] for name in _PLAIN if given.get(name)}
        is_own = given.get("is_own") == "yes"
        name = given.get("owner") or (person.name or person.id if is_own else "")
        if name:
            record["owner"] = {"name": name, **({"person": person.id} if is_own else {})}
        outcome = {theirs: given[ours] for theirs, ours in _OUTCOME_NAMES.items() if given.get(ours)}
        return record | {
            "source": place.platform,
            "id": self.new_id(),
            "outcome": outcome,
            "visibility": {"audience": Audience.COMMUNITY, "community": place.community},
        }

    def _again(self, given: Mapping[str, str], errors: Mapping[str, str]) -> Form:
        fields = tuple(replace(field, value=given.get(field.name, "")) for field in _FIELDS)
        return replace(self.form(), fields=fields, errors=errors)


def _field_of(error: InvalidRecordError) -> str:
    """The form's field that a field of the record came from."""
    part, _, rest = error.field.partition(".")
    return _OUTCOME_NAMES.get(rest, rest) if part == "outcome" else part


def _reason(name: str, error: InvalidRecordError) -> str:
    """What is wrong with a field, with its choices as people see them."""
    choices = next((field.choices for field in _FIELDS if field.name == name), ())
    if choices:
        return f"Please choose one of: {', '.join(label for _, label in choices)}."
    return f"{error.reason[:1].upper()}{error.reason[1:]}."

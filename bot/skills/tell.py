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
from bot.voice import phrase, say
from knowledge.catalogues.personal_data import mask_record
from knowledge.errors import InvalidRecordError
from knowledge.pilots import Direction, Stage
from knowledge.ports import Author, PilotStore
from knowledge.records import pilot_from_record
from knowledge.visibility import Audience

FORM = "tell"
GIVEN_SHOWN = 60

_PLAIN = ("title", "summary", "organisation", "country", "stage", "url")
# What is wrong with these is told in the reader's language; of the rest, as the record says it.
_REASONS = {
    "country": phrase("{given} is not a country; write its English name or its two-letter code."),
    "url": phrase("{given} is not a web address (https://…)."),
}
_OUTCOME_NAMES = {"summary": "outcome", "direction": "direction", "stopped_because": "stopped_because"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    pilots: PilotStore
    now: Callable[[], datetime]
    new_id: Callable[[], str]

    def form(self, title: str = "") -> Form:
        fields = (replace(field, value=title) if field.name == "title" else field for field in _fields())
        return Form(
            name=FORM,
            title=say("Tell of a pilot"),
            lead=say("Everybody in this community can find it. Please name nobody who did not agree to that."),
            fields=tuple(fields),
            send=say("Tell"),
            action=TellPilot(title),
        )

    async def take(self, values: Mapping[str, str], person: Person, place: Place) -> Message | Form:
        """Keep the pilot for this community; or the form again, with what is wrong at its field."""
        given = {name: value.strip() for name, value in values.items()}
        errors = {
            each.name: say("Please fill this in.")
            for each in _fields()
            if each.is_required and not given.get(each.name)
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
                errors[name] = _reason(name, given, error)
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
        fields = tuple(replace(field, value=given.get(field.name, "")) for field in _fields())
        return replace(self.form(), fields=fields, errors=errors)


def _fields() -> tuple[Field, ...]:
    stages = tuple((each, cards.stage(each)) for each in Stage if each is not Stage.UNKNOWN)
    directions = tuple((each, cards.direction(each)) for each in Direction)
    return (
        Field(name="title", label=say("What was tried?"), hint=say("in a few words"), is_required=True),
        Field(name="summary", label=say("What did you do, where and for whom?"), is_long=True, is_required=True),
        Field(name="organisation", label=say("Which organisation?")),
        Field(name="country", label=say("In which country?")),
        Field(name="stage", label=say("How far did it get?"), value=Stage.PILOT, choices=stages),
        Field(name="outcome", label=say("What came of it, good or bad?"), is_long=True),
        Field(name="stopped_because", label=say("If it was stopped: why?"), is_long=True),
        Field(
            name="direction",
            label=say("Which way did the results point?"),
            choices=(("", say("too early to say")), *directions),
        ),
        Field(name="url", label=say("Where can one read more?"), hint="https://…"),
        Field(
            name="is_own",
            label=say("Is it yours?"),
            choices=(("", say("no, I only know of it")), ("yes", say("yes, it is mine"))),
            hint=say("if it is, it stands on your own page, and people are sent to you"),
        ),
        Field(name="owner", label=say("Whom may one ask?"), hint=say("a name or a role")),
    )


def _field_of(error: InvalidRecordError) -> str:
    """The form's field that a field of the record came from."""
    part, _, rest = error.field.partition(".")
    return _OUTCOME_NAMES.get(rest, rest) if part == "outcome" else part


def _reason(name: str, given: Mapping[str, str], error: InvalidRecordError) -> str:
    """What is wrong with a field, with its choices as people see them."""
    if name in _REASONS:
        return say(_REASONS[name], given=repr(given.get(name, "")[:GIVEN_SHOWN]))
    choices = next((field.choices for field in _fields() if field.name == name), ())
    if choices:
        return say("Please choose one of: {choices}.", choices=", ".join(label for _, label in choices))
    return f"{error.reason[:1].upper()}{error.reason[1:]}."

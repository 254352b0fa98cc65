"""Tell: a member tells the community of a pilot, by a short form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot import cards
from bot.forms import Field, Form
from bot.messages import Message
from bot.people import Person
from bot.places import Place
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
    Field(
        name="direction",
        label="Which way did the results point?",
        choices=(("", "too early to say"), *((each, cards.direction(each)) for each in Direction)),
    ),
    Field(name="url", label="Where can one read more?", hint="https://…"),
    Field(name="owner", label="Whom may one ask?", hint="a name or a role"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    pilots: PilotStore
    now: Callable[[], datetime]
    new_id: Callable[[], str]

    def form(self, title: str = "") -> Form:
        fields = (replace(field, value=title) if field.name == "title" else field for field in _FIELDS)
        return Form(name=FORM, title="Tell of a pilot", fields=tuple(fields), send="Tell")

    async def take(self, values: Mapping[str, str], person: Person, place: Place) -> Message | Form:
        """Keep the pilot for this community; or the form again, with what is wrong at its field."""
        given = {name: value.strip() for name, value in values.items()}
        missing = {
            each.name: "Please fill this in." for each in _FIELDS if each.is_required and not given.get(each.name)
        }
        if missing:
            return self._again(given, missing)
        record: dict[str, object] = {
            name: given.get(name) for name in ("title", "summary", "organisation", "country", "stage", "url", "owner")
        }
        record |= {
            "source": place.platform,
            "id": self.new_id(),
            "outcome": {"summary": given.get("outcome"), "direction": given.get("direction")},
            "visibility": {"audience": Audience.COMMUNITY, "community": place.community},
        }
        try:
            pilot = pilot_from_record(record)
        except InvalidRecordError as error:
            return self._again(given, {error.field.removesuffix(".summary").removeprefix("outcome."): error.reason})
        await self.pilots.save([pilot], Author(person.id, "told"), self.now())
        return cards.told(pilot)

    def _again(self, given: Mapping[str, str], errors: Mapping[str, str]) -> Form:
        fields = tuple(replace(field, value=given.get(field.name, "")) for field in _FIELDS)
        return replace(self.form(), fields=fields, errors=errors)

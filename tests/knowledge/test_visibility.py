from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.errors import InvalidRecordError
from knowledge.visibility import Audience, Viewer, Visibility
from tests.strategies import visibilities

TODAY = date(2026, 5, 17)
ANNA, BOB = Viewer("slack:T1", "anna"), Viewer("slack:T1", "bob")
ROOM, ELSEWHERE = Viewer("slack:T1"), Viewer("teams:T2", "anna")
NOBODY = Viewer()
EVERYONE = {ANNA, BOB, ROOM, ELSEWHERE, NOBODY}


def seen_by(visibility: Visibility, on: date = TODAY) -> set[Viewer]:
    return {viewer for viewer in EVERYONE if visibility.is_open_to(viewer, on)}


def test_what_is_public_is_open_to_everyone() -> None:
    assert seen_by(Visibility()) == EVERYONE
    assert seen_by(Visibility(community="slack:T1")) == EVERYONE


def test_what_a_community_was_told_stays_in_it() -> None:
    assert seen_by(Visibility(audience=Audience.COMMUNITY, community="slack:T1")) == {ANNA, BOB, ROOM}


def test_what_is_restricted_is_open_to_the_listed_people_within_the_community() -> None:
    restricted = Visibility(audience=Audience.RESTRICTED, community="slack:T1", people=frozenset({"anna"}))
    assert seen_by(restricted) == {ANNA}


def test_what_is_restricted_to_nobody_is_open_to_nobody() -> None:
    assert seen_by(Visibility(audience=Audience.RESTRICTED, community="slack:T1")) == set()


@pytest.mark.parametrize("audience", Audience)
def test_an_embargo_lets_only_the_listed_people_see_until_its_day(audience: Audience) -> None:
    people = frozenset({"anna"})
    embargoed = Visibility(
        audience=audience, community="slack:T1", people=people, embargo_until=TODAY + timedelta(days=1)
    )
    assert seen_by(embargoed) == {ANNA}
    assert seen_by(embargoed, TODAY + timedelta(days=1)) == seen_by(
        Visibility(audience=audience, community="slack:T1", people=people)
    )


@given(visibilities(), st.dates())
def test_another_community_sees_only_what_is_public(visibility: Visibility, day: date) -> None:
    stranger = Viewer("nobody's community of all", next(iter(visibility.people), None))
    if visibility.is_open_to(stranger, day):
        assert visibility.audience is Audience.PUBLIC
        assert not (visibility.embargo_until and day < visibility.embargo_until)


@given(visibilities(), st.dates())
def test_nobody_sees_less_than_a_whole_room(visibility: Visibility, day: date) -> None:
    if visibility.is_open_to(Viewer("slack:T1"), day):
        assert visibility.is_open_to(Viewer("slack:T1", "anyone"), day)


def test_an_audience_needs_its_community() -> None:
    for audience in (Audience.COMMUNITY, Audience.RESTRICTED):
        with pytest.raises(InvalidRecordError, match=f"community: {audience} needs the community"):
            Visibility(audience=audience)
    with pytest.raises(InvalidRecordError, match="name it"):
        Visibility(people=frozenset({"anna"}))


def test_ids_of_communities_and_people_are_text() -> None:
    for community, people in (("", []), ("a\x00", []), ("a", [""]), ("a", ["b\x1f"])):
        with pytest.raises(InvalidRecordError):
            Visibility(community=community, people=frozenset(people))

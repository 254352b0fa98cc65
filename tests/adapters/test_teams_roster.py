"""Who is at home, who is a guest, and how seldom Teams is asked about it."""

import asyncio
import time
from dataclasses import replace

import pytest

from adapters.teams.connector import Json, TeamsRefusedError, TeamsUnavailableError
from adapters.teams.inbound import Origin, Surface, Tenant
from adapters.teams.outbox import Outbox
from adapters.teams.roster import Entry, Roster
from tests.teams_api import ELSEWHERE, Clock, RecordingConnector
from tests.teams_connector import TENANT

HOME = Tenant(id=TENANT, bot="28:bot", community="example")
ROOM = "19:projects@thread.tacv2"
IN_CHANNEL = Origin(
    surface=Surface.CHANNEL,
    service_url="https://smba.trafficmanager.net/emea/",
    tenant=TENANT,
    conversation=f"{ROOM};messageid=17",
    user="29:1alice",
)
ALICE: Json = {
    "id": "29:1alice",
    "tenantId": TENANT,
    "userRole": "user",
    "email": "alice@example.org",
    "userPrincipalName": "a.anderson@example.org",
}
GUESTS: dict[str, Json] = {
    "by role": {"userRole": "guest"},
    "by role in capitals": {"userRole": "Guest"},
    "anonymous": {"userRole": "anonymous"},
    "by name": {"userPrincipalName": "gwen_elsewhere.org#EXT#@example.onmicrosoft.com"},
    "by name in small letters": {"userPrincipalName": "gwen_elsewhere.org#ext#@example.onmicrosoft.com"},
}


@pytest.fixture
def teams() -> RecordingConnector:
    connector = RecordingConnector()
    connector.people["29:1alice"] = ALICE
    return connector


@pytest.fixture
def clock() -> Clock:
    return Clock()


def roster(teams: RecordingConnector, clock: Clock, *, guests_are_members: bool = False) -> Roster:
    return Roster(Outbox(teams, clock=time.monotonic), clock, guests_are_members=guests_are_members)


async def test_who_is_at_home_is_no_stranger_and_has_an_address(teams: RecordingConnector, clock: Clock) -> None:
    entry = await roster(teams, clock).entry(IN_CHANNEL, HOME)
    assert entry == Entry(is_stranger=False, email="alice@example.org")
    # The thread has no roster of its own.
    assert [(call.conversation, call.what) for call in teams.calls] == [(ROOM, "29:1alice")]


@pytest.mark.parametrize(
    ("told", "email"),
    [
        ({"email": None}, "a.anderson@example.org"),
        ({"email": "no address"}, "a.anderson@example.org"),
        ({"email": ["alice@example.org"]}, "a.anderson@example.org"),
        ({"email": "alice@example.org\x00\u202e"}, "alice@example.org"),
        ({"email": "Alice@EXAMPLE.org"}, "Alice@EXAMPLE.org"),
        ({"email": "alice@example.org", "userPrincipalName": "a.anderson@Example.ORG"}, "alice@example.org"),
        # Whatever an administrator typed there is somebody else's elsewhere.
        ({"email": "boss@elsewhere.org"}, "a.anderson@example.org"),
        ({"email": "boss@example.org.elsewhere.org"}, "a.anderson@example.org"),
        ({"email": "boss@an-example.org"}, "a.anderson@example.org"),
        ({"email": "boss@hr.example.org"}, "a.anderson@example.org"),
        # Nor does it count where nobody says whose domain that is.
        ({"userPrincipalName": None}, ""),
        ({"userPrincipalName": ""}, ""),
        ({"userPrincipalName": 7}, ""),
        ({"userPrincipalName": "a.anderson"}, ""),
    ],
)
async def test_an_address_is_in_the_domain_of_the_name_in_the_organisation(
    told: Json, email: str, teams: RecordingConnector, clock: Clock
) -> None:
    teams.people["29:1alice"] = ALICE | told
    assert (await roster(teams, clock).entry(IN_CHANNEL, HOME)).email == email


@pytest.mark.parametrize("guest", GUESTS)
@pytest.mark.parametrize("are_members", [True, False])
async def test_a_guest_is_a_stranger_where_guests_are_no_members(
    guest: str,
    are_members: bool,  # noqa: FBT001 - drawn
    teams: RecordingConnector,
    clock: Clock,
) -> None:
    teams.people["29:1alice"] = ALICE | GUESTS[guest]
    entry = await roster(teams, clock, guests_are_members=are_members).entry(IN_CHANNEL, HOME)
    assert entry.is_stranger is not are_members
    # An address that another organisation gives out is none of ours to go by.
    assert entry.email == ""


@pytest.mark.shows("outsiders")
@pytest.mark.parametrize("are_members", [True, False])
async def test_somebody_of_another_tenant_is_a_stranger_always(
    are_members: bool,  # noqa: FBT001 - drawn
    teams: RecordingConnector,
    clock: Clock,
) -> None:
    teams.people["29:1alice"] = ALICE | {"tenantId": ELSEWHERE}
    asked = roster(teams, clock, guests_are_members=are_members)
    assert await asked.entry(IN_CHANNEL, HOME) == Entry(is_stranger=True, email="")
    assert await asked.has_strangers(IN_CHANNEL, HOME)


async def test_a_tenant_is_the_same_in_capitals(teams: RecordingConnector, clock: Clock) -> None:
    teams.people["29:1alice"] = ALICE | {"tenantId": TENANT.upper()}
    assert not (await roster(teams, clock).entry(IN_CHANNEL, HOME)).is_stranger


@pytest.mark.parametrize("is_guest_there", [True, False])
async def test_one_stranger_in_a_room_is_enough(
    is_guest_there: bool,  # noqa: FBT001 - drawn
    teams: RecordingConnector,
    clock: Clock,
) -> None:
    teams.people |= {f"29:1{number}": ALICE for number in range(50)}
    if is_guest_there:
        teams.people["29:1gwen"] = ALICE | GUESTS["by role"]
    assert await roster(teams, clock).has_strangers(IN_CHANNEL, HOME) is is_guest_there
    assert not await roster(teams, clock, guests_are_members=True).has_strangers(IN_CHANNEL, HOME)


async def test_a_room_that_nobody_is_said_to_be_in_has_strangers(teams: RecordingConnector, clock: Clock) -> None:
    teams.people.clear()
    assert await roster(teams, clock, guests_are_members=True).has_strangers(IN_CHANNEL, HOME)


@pytest.mark.parametrize(
    "trouble",
    [
        TeamsRefusedError("tell", 403, "BotNotInConversationRoster"),
        TeamsRefusedError("tell", 404, "ConversationNotFound"),
        TeamsUnavailableError("tell", is_in_doubt=False, status=400),
    ],
)
async def test_where_teams_does_not_say_somebody_is_a_stranger_for_half_a_minute(
    trouble: Exception, teams: RecordingConnector, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.teams.outbox._FIRST_WAIT", 0.0)
    asked = roster(teams, clock)
    teams.troubles = {"member": [trouble] * 4, "members": [trouble] * 4}
    assert await asked.entry(IN_CHANNEL, HOME) == Entry()
    assert await asked.has_strangers(IN_CHANNEL, HOME)
    teams.troubles = {}
    before = len(teams.calls)
    assert (await asked.entry(IN_CHANNEL, HOME)).is_stranger
    assert len(teams.calls) == before
    clock.now += 31
    assert not (await asked.entry(IN_CHANNEL, HOME)).is_stranger
    assert not await asked.has_strangers(IN_CHANNEL, HOME)


async def test_nobody_waits_long_for_a_roster(
    teams: RecordingConnector, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = roster(teams, clock)
    monkeypatch.setattr(asked._people, "_patience", 0.01)
    teams.may_go.clear()
    assert await asked.entry(IN_CHANNEL, HOME) == Entry()


async def test_of_many_who_ask_at_once_one_asks_teams_and_so_for_five_minutes(
    teams: RecordingConnector, clock: Clock
) -> None:
    asked = roster(teams, clock)
    teams.may_go.clear()
    all_of_them = asyncio.gather(*(asked.entry(IN_CHANNEL, HOME) for _ in range(20)))
    await asyncio.sleep(0.01)
    teams.may_go.set()
    assert {entry.is_stranger for entry in await all_of_them} == {False}
    clock.now += 299
    await asked.entry(IN_CHANNEL, HOME)
    assert len(teams.calls) == 1
    teams.people["29:1alice"] = ALICE | GUESTS["by role"]
    clock.now += 2
    assert (await asked.entry(IN_CHANNEL, HOME)).is_stranger
    assert len(teams.calls) == 2


async def test_people_rooms_and_tenants_are_kept_apart(teams: RecordingConnector, clock: Clock) -> None:
    asked = roster(teams, clock)
    teams.people["29:1bob"] = ALICE | {"id": "29:1bob", "tenantId": ELSEWHERE}
    assert not (await asked.entry(IN_CHANNEL, HOME)).is_stranger
    assert (await asked.entry(replace(IN_CHANNEL, user="29:1bob"), HOME)).is_stranger
    # The same person, as a tenant sees them that they are not of.
    abroad = Tenant(id=ELSEWHERE, bot=HOME.bot, community="abroad")
    assert (await asked.entry(replace(IN_CHANNEL, tenant=ELSEWHERE), abroad)).is_stranger
    assert await asked.has_strangers(IN_CHANNEL, HOME)
    del teams.people["29:1bob"]
    assert not await asked.has_strangers(replace(IN_CHANNEL, conversation="19:other@thread.tacv2"), HOME)
    assert await asked.has_strangers(replace(IN_CHANNEL, conversation=f"{ROOM};messageid=99"), HOME)


async def test_a_room_that_tells_nothing_makes_nobody_a_stranger_elsewhere(
    teams: RecordingConnector, clock: Clock
) -> None:
    asked = roster(teams, clock)
    teams.troubles = {"member": [TeamsRefusedError("tell who somebody is", 403, "BotNotInConversationRoster")]}
    without_the_bot = replace(IN_CHANNEL, conversation="19:one_two@unq.gbl.spaces")
    assert (await asked.entry(without_the_bot, HOME)).is_stranger
    assert not (await asked.entry(IN_CHANNEL, HOME)).is_stranger

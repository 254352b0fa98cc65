"""What a platform was asked lately: once for many, for a while, and nobody waits for it long."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from adapters import lately
from adapters.lately import Lately
from adapters.teams.connector import BotbuilderConnector
from adapters.teams.inbound import Origin, Surface, Tenant
from adapters.teams.outbox import Outbox
from adapters.teams.roster import Roster
from knowledge.errors import PilotlightError, UnavailableError
from tests.teams_api import Clock
from tests.teams_connector import APP_ID, APP_PASSWORD, TENANT, Json, StandIn, running_stand_in, said

PATIENCE = 0.05
ROOM = "19:projects@thread.tacv2"


class RefusedError(PilotlightError):
    """As the one of a platform."""


class Platform:
    """Says what was put into `answers`, or how often it was asked; while `may_tell` is cleared, nothing."""

    def __init__(self) -> None:
        self.asked = 0
        self.troubles: list[BaseException] = []
        self.may_tell = asyncio.Event()
        self.may_tell.set()

    async def __call__(self) -> str:
        self.asked += 1
        number = self.asked
        await self.may_tell.wait()
        if self.troubles:
            raise self.troubles.pop(0)
        return f"answer {number}"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def known(clock: Clock) -> Lately[str]:
    return Lately(clock, "unknown", refused=RefusedError, fresh=60.0, patience=PATIENCE)


async def until_asked(platform: Platform, times: int = 1) -> None:
    while platform.asked < times:  # noqa: ASYNC110 - it becomes so in what is tested, which tells nobody
        await asyncio.sleep(0)


async def until_known(known: Lately[str]) -> None:
    while known._asking:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.001)


async def test_of_many_who_ask_at_once_one_asks_the_platform(known: Lately[str], platform: Platform) -> None:
    platform.may_tell.clear()
    asking = asyncio.gather(*(known.get("ann", platform) for _ in range(20)))
    await until_asked(platform)
    platform.may_tell.set()
    assert set(await asking) == {"answer 1"}
    assert platform.asked == 1


async def test_what_was_told_is_good_for_a_while(known: Lately[str], platform: Platform, clock: Clock) -> None:
    for now, told in ((0.0, "answer 1"), (59.9, "answer 1"), (60.0, "answer 2"), (119.9, "answer 2")):
        clock.now = 1000.0 + now
        assert await known.get("ann", platform) == told


async def test_everybody_is_asked_about_for_themselves(known: Lately[str], platform: Platform) -> None:
    assert [await known.get(each, platform) for each in ("ann", "bob", "ann")] == ["answer 1", "answer 2", "answer 1"]


async def test_who_does_not_wait_longer_has_the_unknown_and_the_next_one_what_came_of_it(
    known: Lately[str], platform: Platform
) -> None:
    platform.may_tell.clear()
    assert await known.get("ann", platform) == "unknown"
    assert await known.get("ann", platform) == "unknown"
    platform.may_tell.set()
    await until_known(known)
    assert await known.get("ann", platform) == "answer 1"
    assert platform.asked == 1


async def test_whoever_is_stopped_while_they_wait_stops_it_for_nobody_else(
    known: Lately[str], platform: Platform
) -> None:
    platform.may_tell.clear()
    stopped = asyncio.create_task(known.get("ann", platform))
    await until_asked(platform)
    stopped.cancel()
    await asyncio.wait({stopped})
    assert stopped.cancelled()
    platform.may_tell.set()
    assert await known.get("ann", platform) == "answer 1"
    assert platform.asked == 1


@pytest.mark.parametrize(
    "trouble", [RefusedError("No."), UnavailableError("Away."), TimeoutError()], ids=["refused", "away", "too late"]
)
async def test_where_the_platform_does_not_say_it_is_unknown_for_half_a_minute(
    trouble: Exception, known: Lately[str], platform: Platform, clock: Clock
) -> None:
    platform.troubles = [trouble]
    assert await known.get("ann", platform) == "unknown"
    clock.now += 29.9
    assert await known.get("ann", platform) == "unknown"
    assert platform.asked == 1
    clock.now += 0.1
    assert await known.get("ann", platform) == "answer 2"


async def test_a_platform_that_never_answers_is_given_up_and_asked_again_after(
    known: Lately[str], platform: Platform, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lately, "_LONGEST_SECONDS", 0.01)
    platform.may_tell.clear()
    assert await known.get("ann", platform) == "unknown"
    await until_known(known)
    platform.may_tell.set()
    assert await known.get("ann", platform) == "unknown"
    assert platform.asked == 1
    clock.now += 30.0
    assert await known.get("ann", platform) == "answer 2"


async def test_an_error_that_nobody_thought_of_reaches_all_who_wait_and_it_is_asked_anew(
    known: Lately[str], platform: Platform
) -> None:
    platform.troubles = [RuntimeError("Broken.")]
    platform.may_tell.clear()
    asking = asyncio.gather(*(known.get("ann", platform) for _ in range(3)), return_exceptions=True)
    await until_asked(platform)
    platform.may_tell.set()
    assert [str(each) for each in await asking] == ["Broken."] * 3
    assert await known.get("ann", platform) == "answer 2"


async def test_so_many_are_remembered_and_the_oldest_forgotten_first(
    known: Lately[str], platform: Platform, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lately, "_REMEMBERED", 3)
    for each in ("ann", "bob", "cat"):
        await known.get(each, platform)
    clock.now += 60.0
    # Ann is known anew, and so is no longer the oldest.
    for each in ("ann", "dan"):
        await known.get(each, platform)
    assert list(known._known) == ["cat", "ann", "dan"]
    assert await known.get("ann", platform) == "answer 4"


# A roster


@pytest.fixture
async def teams() -> AsyncIterator[StandIn]:
    async with running_stand_in(rsa.generate_private_key(public_exponent=65537, key_size=2048)) as stand_in:
        yield stand_in


async def test_a_team_of_many_slow_pages_is_read_to_its_end_while_nobody_waits_for_it(
    teams: StandIn, clock: Clock
) -> None:
    pages = 8
    page: Json = {"members": [{"id": f"29:{number}", "tenantId": TENANT, "userRole": "user"} for number in range(500)]}

    async def turns(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(PATIENCE)
        more = {} if len(teams.heard) == pages else {"continuationToken": f"page {len(teams.heard)}"}
        return await said({**page, **more})(request)

    teams.answers = [turns] * pages
    connector = BotbuilderConnector(APP_ID, APP_PASSWORD, TENANT, clock=clock, login_url=teams.identity.login_url)
    try:
        roster = Roster(Outbox(connector, clock=clock), clock, guests_are_members=False)
        roster._rooms._patience = PATIENCE
        where = Origin(
            surface=Surface.CHANNEL, service_url=teams.service_url, tenant=TENANT, conversation=ROOM, user="29:1"
        )
        home = Tenant(id=TENANT, bot=f"28:{APP_ID}", community="example")
        # Nobody knows yet that there is no stranger.
        assert await roster.has_strangers(where, home)
        (asking,) = roster._rooms._asking.values()
        assert not await asking
        assert not await roster.has_strangers(where, home)
        assert len(teams.heard) == pages
    finally:
        await connector.close()

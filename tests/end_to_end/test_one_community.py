"""One server with a Slack and a Teams that are not ours: one community over both, or two that know nothing of it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from deploy import wiring
from deploy.prompting import say_hello
from deploy.server import serving
from deploy.settings import Settings
from knowledge.errors import PilotlightError
from tests.base import NOW
from tests.end_to_end import slack_workspace as in_slack
from tests.end_to_end import teams_client as in_teams
from tests.end_to_end.slack_bot import COMMUNITY, furnish
from tests.end_to_end.slack_workspace import Workspace, running_workspace
from tests.end_to_end.teams_bot import account_of, bot_settings, posts
from tests.end_to_end.teams_client import Json, Teams, running_teams, with_card

TOOLS = "has anyone tried lending tools?"
LIBRARY = "Lending tools from the library"
_TOLD = {"title": LIBRARY, "summary": "Residents borrow drills and ladders with their library card."}
DOGS = "has anyone tried reading dogs?"
READING_DOGS = "Reading dogs in libraries"
_DOGS = {"title": READING_DOGS, "summary": "Children who found reading hard read aloud to a trained dog."}
NOBODY = "Nobody has recorded trying this yet"


@dataclass(frozen=True)
class Both:
    """One bot in two places, and its settings."""

    slack: Workspace
    teams: Teams
    settings: Settings

    async def tell_in_slack(self, user: str, pilot: dict[str, str], *, is_own: bool = False) -> None:
        await self.slack.command(user, in_slack.DIRECT[user], "/pilot", "tell")
        await self.slack.wait_for_modal(user, "What was tried?")
        own = {"field is_own": "yes, it is mine"} if is_own else {}
        await self.slack.submit(user, {**{f"field {name}": value for name, value in pilot.items()}, **own})

    async def tell_in_teams(self, user: str, pilot: dict[str, str]) -> None:
        form = await self.say_in_teams(user, "tell", "What was tried?")
        inputs = {f"field-{name}": value for name, value in pilot.items()}
        kept = await self.teams.press(user, form, "Tell", inputs=inputs)
        assert "is kept" in in_teams.words_of(with_card(form, kept.answer["value"]))

    async def say_in_slack(self, user: str, text: str, containing: str) -> str:
        await self.slack.direct_message(user, text)
        return in_slack.words_of(await self.slack.wait_for_answer(in_slack.DIRECT[user], containing))

    async def say_in_teams(self, user: str, text: str, containing: str) -> Json:
        await self.teams.say(user, self.teams.personal[user], text)
        return await self.teams.wait_for_answer(self.teams.personal[user], containing)


@asynccontextmanager
async def _running_both(folder: Path, **more: object) -> AsyncIterator[Both]:
    """Nothing said in either was a fault."""
    await furnish(folder)
    async with running_workspace(folder) as slack, running_teams(folder, signed=True) as teams:
        settings = bot_settings(
            teams,
            folder,
            slack_bot_token=in_slack.BOT_TOKEN,
            slack_signing_secret=in_slack.SIGNING_SECRET,
            slack_api_url=slack.api_url,
            **more,
        )
        with patch.object(wiring, "now", lambda: NOW):
            async with serving(settings, "127.0.0.1", 0) as address:
                slack.request_url, teams.bot_url = f"{address}/slack/events", f"{address}/api/messages"
                yield Both(slack, teams, settings)
        assert await slack.faults() == []
        assert teams.faults() == []


@pytest.mark.shows("one_community", on=("slack", "teams"))
@pytest.mark.parametrize(
    "communities", ["", f"{in_slack.TEAM}=harbour towns,{in_teams.TENANT}=harbour towns"], ids=["its own", "named"]
)
async def test_what_is_told_on_one_platform_is_found_on_the_other(communities: str, tmp_path: Path) -> None:
    async with _running_both(tmp_path, communities=communities) as both:
        await both.tell_in_slack(in_slack.ALICE, _TOLD)
        await both.tell_in_teams(in_teams.BOB, _DOGS)
        await both.say_in_teams(in_teams.ALICE, TOOLS, LIBRARY)
        await both.say_in_slack(in_slack.BOB, DOGS, READING_DOGS)
        asked = await both.teams.say(in_teams.CAROL, in_teams.GENERAL, TOOLS, mention=True)
        await both.teams.wait_for_answer(asked.conversation, LIBRARY)
        thread = await both.slack.mention(in_slack.CAROL, in_slack.GENERAL, DOGS)
        await both.slack.wait_for_answer(in_slack.GENERAL, READING_DOGS, thread_ts=thread)


@pytest.mark.shows("apart", on=("slack", "teams"))
async def test_two_communities_on_one_server_see_nothing_of_each_others(tmp_path: Path) -> None:
    communities = f"{in_slack.TEAM}=harbour towns,{in_teams.TENANT}=mountain villages"
    async with _running_both(tmp_path, communities=communities) as both:
        await both.tell_in_slack(in_slack.ALICE, _TOLD)
        await both.tell_in_teams(in_teams.BOB, _DOGS)
        await both.say_in_slack(in_slack.BOB, TOOLS, LIBRARY)
        await both.say_in_teams(in_teams.ALICE, DOGS, READING_DOGS)
        await both.say_in_teams(in_teams.ALICE, TOOLS, NOBODY)
        await both.say_in_slack(in_slack.BOB, DOGS, NOBODY)
        assert (await both.teams.search(in_teams.ALICE, in_teams.GROUP, "lending tools")).answer["composeExtension"][
            "type"
        ] == "message"
        # What one knows it may be called does not open it.
        await both.say_in_teams(in_teams.ALICE, f"show {LIBRARY}", "I know no pilot called")
        await both.say_in_slack(in_slack.BOB, f"show {READING_DOGS}", "I know no pilot called")
        # Nor is a code of one community any in the other.
        code = _code_in(await both.say_in_slack(in_slack.ALICE, "link", "Say this to me from your other account"))
        await both.say_in_teams(in_teams.ALICE, f"link {code}", "I know no such code")


@pytest.mark.shows("linked", on=("slack", "teams"))
async def test_accounts_on_both_are_one_person_by_a_code(tmp_path: Path) -> None:
    async with _running_both(tmp_path) as both:
        await both.tell_in_slack(in_slack.ALICE, _TOLD, is_own=True)
        before = await both.say_in_teams(in_teams.ALICE, "home", "Your pilots")
        assert LIBRARY not in in_teams.words_of(before)
        await _link(both)
        after = in_teams.words_of(await both.say_in_teams(in_teams.ALICE, "home", "Linked accounts"))
        assert LIBRARY in after
        # What one chooses on one of them holds on the other.
        form = await both.say_in_teams(in_teams.ALICE, "settings", "Do not write to me from")
        await both.teams.press(in_teams.ALICE, form, "Save", inputs={"choice-language": "=de"})
        await both.say_in_slack(in_slack.ALICE, TOOLS, "Ja: 1 Pilotprojekt hat das ausprobiert.")
        # Bob is nobody of theirs.
        assert LIBRARY not in in_teams.words_of(await both.say_in_teams(in_teams.BOB, "home", "Your pilots"))


async def _link(both: Both) -> None:
    """Alice, as she is in Slack, in Teams too."""
    code = _code_in(await both.say_in_slack(in_slack.ALICE, "link", "Say this to me from your other account"))
    asked = await both.say_in_teams(in_teams.ALICE, f"link {code}", "in Slack. Is that you?")
    linked = await both.teams.press(in_teams.ALICE, asked, "Yes, that is me")
    assert "Here you are one person with" in in_teams.words_of(with_card(asked, linked.answer["value"]))


def _code_in(words: str) -> str:
    found = re.search(r"\b[A-Z]{4}-[A-Z]{4}\b", words)
    assert found is not None
    return found[0]


@pytest.mark.shows("prompts", on=("slack", "teams"))
async def test_what_it_says_first_goes_to_who_has_spoken_with_it_where_they_did(tmp_path: Path) -> None:
    async with _running_both(tmp_path) as both:
        mine, person = both.teams.personal[in_teams.ALICE], account_of(in_teams.ALICE)
        for stranger in (person, in_slack.BOB):
            with pytest.raises(PilotlightError, match="has spoken with Pilotlight"):
                await say_hello(both.settings, stranger, COMMUNITY)
        await both.say_in_teams(in_teams.ALICE, "help", "Just ask")
        assert "was written to in Teams" in await say_hello(both.settings, person, COMMUNITY)
        assert len(await posts(both.teams, mine)) == 2
        await both.say_in_slack(in_slack.BOB, "help", "Just ask")
        assert "was written to in Slack" in await say_hello(both.settings, in_slack.BOB, COMMUNITY)
        await both.slack.wait_for(lambda: _are(both, in_slack.BOB, 2))


@pytest.mark.shows("opt_out", on="teams")
async def test_who_blocked_it_in_teams_is_written_to_in_slack_from_then_on(tmp_path: Path) -> None:
    async with _running_both(tmp_path) as both:
        await _link(both)
        mine = both.teams.personal[in_teams.ALICE]
        before = len(await posts(both.teams, mine))
        answered = len(await both.slack.answers(in_slack.DIRECT[in_slack.ALICE]))
        both.teams.refuse(403, "MessageWritesBlocked", method="POST", path=mine, times=9)
        assert "was written to in Slack" in await say_hello(both.settings, in_slack.ALICE, COMMUNITY)
        await both.slack.wait_for(lambda: _are(both, in_slack.ALICE, answered + 1))
        # Their no is kept: the next one is not even tried there.
        tried = len(both.teams.calls)
        await say_hello(both.settings, account_of(in_teams.ALICE), COMMUNITY)
        await both.slack.wait_for(lambda: _are(both, in_slack.ALICE, answered + 2))
        assert len(both.teams.calls) == tried
        assert len(await posts(both.teams, mine)) == before


async def _are(both: Both, user: str, count: int) -> bool:
    """Whether the bot has said so much to somebody in Slack."""
    return len(await both.slack.answers(in_slack.DIRECT[user])) == count

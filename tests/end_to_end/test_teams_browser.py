"""What people see of the bot in Teams, in a browser without a window; with a picture of each, to be looked at.

The pictures go to the folder named in TEST_ARTEFACTS, where there is one. What the peer's page does not show, no
picture has: dialogs, messages for one person alone, and questions to begin with.
"""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.teams.inbound import SEARCH_COMMAND
from deploy.prompting import say_hello
from tests.end_to_end.slack_bot import COMMUNITY
from tests.end_to_end.teams_bot import account_of, bot_settings, running_bot
from tests.end_to_end.teams_browser import Browser, running_browser
from tests.end_to_end.teams_client import ALICE, BOT_NAME, GENERAL, GROUP, Teams

pytestmark = pytest.mark.usefixtures("browser_is_here")


@dataclass(frozen=True)
class Page:
    """Alice's Teams, where pictures are taken."""

    teams: Teams
    browser: Browser
    pictures: Path

    async def picture(self, name: str) -> None:
        taken = await self.browser.screenshot(self.pictures / f"teams-{name}.png")
        assert taken.read_bytes().startswith(b"\x89PNG")

    async def ask(self, words: str, expected: str, *, to: str = "") -> None:
        await self.browser.write(words, to=to)
        await self.browser.see(expected)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("TEST_ARTEFACTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
async def page(tmp_path: Path, pictures: Path) -> AsyncIterator[Page]:
    """Nothing said in it was a fault, and nothing was fetched from elsewhere but fonts of the peer's own."""
    async with running_bot(tmp_path) as teams, running_browser(teams) as browser:
        await browser.see("Change settings")
        yield Page(teams, browser, pictures)
        assert teams.faults() == []
        assert all("office.net" in address for address in await browser.addresses_outside())


async def test_in_a_chat_of_ones_own_one_asks_presses_tells_and_is_written_to(page: Page, tmp_path: Path) -> None:
    await page.picture("welcome")
    await page.ask("has anyone tried self-driving shuttle buses?", "Yes: 2 pilots in 2 countries tried this")
    await page.picture("answer")
    await page.browser.press("More on 1")
    await page.browser.see("What it can say so far")
    await page.picture("pilot")
    await page.ask("/pilot help", "Just ask: has anyone tried …?")
    await page.picture("help")
    await page.ask("tell Reading dogs in libraries", "What did you do, where and for whom?")
    await page.picture("form")
    await page.browser.press("Tell")
    assert "is kept" not in await page.browser.text()
    assert "was written to in Teams" in await say_hello(
        bot_settings(page.teams, tmp_path), account_of(ALICE), COMMUNITY
    )
    await page.browser.see("tried whether it reaches you")
    await page.picture("prompt")


async def test_in_a_group_chat_and_in_a_channel_one_mentions_it_and_it_answers_there(page: Page) -> None:
    await page.browser.show("Steering group")
    await page.ask("has anyone tried a four-day week?", "Four-day week at the town hall", to=BOT_NAME)
    await page.picture("group")
    (answer,) = await page.teams.messages(GROUP)
    assert "Yes: 1 pilot tried this" in answer["summary"]
    await page.browser.show("General")
    await page.ask("has anyone tried lending tools?", "Nobody has recorded trying this yet", to=BOT_NAME)
    await page.picture("channel")
    (post,) = (each for each in page.teams._posted if each["conversation"]["id"].startswith(GENERAL))
    assert ";messageid=" in post["conversation"]["id"]


async def test_beside_the_box_one_searches_pilots_and_puts_one_into_the_chat(page: Page) -> None:
    await page.browser.show("Steering group")
    await page.browser.search_pilots("self-driving shuttle buses", SEARCH_COMMAND, "query")
    await page.browser.see("Self-driving bus in the old town")
    await page.picture("search")
    await page.browser.choose("Self-driving bus in the old town")
    await page.browser.see("Two self-driving shuttle buses take residents up the hill")
    await page.picture("inserted")
    assert "The head of mobility" not in await page.browser.text()

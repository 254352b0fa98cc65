"""Alice's Teams in a browser without a window, to see what the bot's cards look like.

    async with running_browser(teams) as browser:
        await browser.show("General")
        …
        await browser.screenshot(tmp_path / "answer.png")

The page shows what the bot says in Alice's chats and the posts it begins in a channel, but neither what people say
through the harness nor the threads they begin so. Opening it, and each chat or channel the first time, tells the bot
that it was installed there. It is the peer's page, not Teams': that a card is drawn here says that it is well formed,
not what it looks like there.
"""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.end_to_end.peers import PLAYWRIGHT, PeerError, node
from tests.end_to_end.teams_client import Teams

_SCRIPT = Path(__file__).with_suffix(".mjs")
_SECONDS = 60
_LONGEST_LINE = 2**24


def browser_unavailable() -> str | None:
    """Why there is no browser here, as a sentence; nothing when there is one."""
    if _chromium() is None:
        return "There is no Chromium here: apt-get install chromium, or name one in CHROMIUM."
    if not PLAYWRIGHT.is_dir():
        return "The peers are not installed: python -m tests.end_to_end.peers"
    return None


@dataclass
class Browser:
    _process: asyncio.subprocess.Process

    async def show(self, name: str) -> None:
        """Goes to a chat or channel of the list at the left."""
        await self._do("show", name)

    async def see(self, words: str) -> None:
        """Waits until these words are there."""
        await self._do("see", words)

    async def press(self, title: str) -> None:
        """Presses the latest button with this title."""
        await self._do("press", title)

    async def write(self, words: str, *, to: str = "") -> None:
        """Writes a message and sends it, with a mention of `to` before it."""
        if to:
            await self._do("write", f"@{to[:3]}")
            await self._do("choose", to)
            words = f" {words}"
        await self._do("write", words)
        await self._do("key", "Enter")

    async def search_pilots(self, words: str, command: str, parameter: str) -> None:
        """Opens the message extension beside the box, and searches in it; the peer knows no manifest."""
        await self._do("press", "Trigger Message Extension App")
        await self._do("choose", "Search Command")
        await self._do("choose", "Specify Command ID or Parameter")
        for place, typed in enumerate((command, parameter)):
            await self._do("fill", [place, typed])
        await self._do("fill", [-1, words])

    async def choose(self, words: str) -> None:
        """Presses what says these words, the latest of it."""
        await self._do("choose", words)

    async def text(self) -> str:
        """All that the page shows."""
        return str(await self._do("text"))

    async def screenshot(self, path: Path) -> Path:
        await self._do("screenshot", str(path))
        return path

    async def addresses_outside(self) -> list[str]:
        """What the page wanted to fetch from elsewhere, in vain."""
        return [str(one) for one in await self._do("outside")]

    async def _do(self, doing: str, argument: object = "") -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps([doing, argument])}\n".encode())
        try:
            async with asyncio.timeout(_SECONDS):
                line = await self._process.stdout.readline()
        except TimeoutError:
            line = b""
        told = json.loads(line or b'{"problem": "It did not answer."}')
        if "problem" in told:
            raise PeerError(f"The browser could not {doing} {argument!r}: {told['problem']}")
        return told["answer"]


@asynccontextmanager
async def running_browser(teams: Teams) -> AsyncIterator[Browser]:
    """The page, open."""
    reason = browser_unavailable()
    if reason is not None:
        raise PeerError(reason)
    process = await asyncio.create_subprocess_exec(
        str(node()),
        str(_SCRIPT),
        str(PLAYWRIGHT),
        str(_chromium()),
        teams.page_url,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_LONGEST_LINE,
    )
    try:
        browser = Browser(process)
        await browser._do("open")
        yield browser
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(10):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _chromium() -> Path | None:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    return Path(found) if found else None

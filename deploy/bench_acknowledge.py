"""The bench of acknowledgement: how soon Slack hears that its event was taken, at rest and while answers are written.

The server runs in a process of its own, as it is, over SQLite in a file. In this one is what plays Slack: it sends
signed events, commands, presses and forms at an even pace, whatever the answers to the earlier ones, and it takes each
message of the bot only after a while. So as many answers are under way as people are asking, each of them a real one
that was searched, kept and rendered; whoever has theirs asks again at once.

A form is answered in its acknowledgement, so it waits for the database; all others are acknowledged before they are
worked on. What is measured reaches from the opening of the connection to the last byte of the acknowledgement.
"""

import asyncio
import hashlib
import hmac
import itertools
import json
import multiprocessing
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from deploy.bench import _real_samples
from deploy.settings import Settings
from deploy.synthetic import SyntheticBase
from knowledge.errors import PilotlightError
from knowledge.ports import Author

AIM = 300.0  # milliseconds that the slowest of a hundred may take while answers are written

_REQUESTS = 200
_PILOTS = 10_000
_EVERY = 0.05  # seconds between two requests that are measured
_HELD = 2.0  # seconds that a message of the bot is on its way to Slack
_PATIENCE = 60.0
_SECRET = "signing-secret-of-the-bench"  # noqa: S105 - Slack's side is here, too
_TEAM, _BOT_USER = "T0BENCH", "U0BOT"
_QUESTIONS = (
    "who tried driverless shuttles?",
    "has anyone put a chatbot on tax questions?",
    "who tried sensors that notice when an elderly person falls?",
    "has anyone tried a four-day week in a town hall?",
    "who predicted which water pipes will leak?",
    "what came of participatory budgets?",
)


@dataclass(frozen=True, slots=True)
class Times:
    """Of one run, in milliseconds."""

    taken: Sequence[float]
    refused: int = 0  # that were not answered with 200

    def quantile(self, part: float) -> float:
        """The time within which this part of all were acknowledged; the slowest of a hundred with two is the slower."""
        ordered = sorted(self.taken)
        return ordered[min(int(part * len(ordered)), len(ordered) - 1)]

    @property
    def median(self) -> float:
        return self.quantile(0.5)

    @property
    def p99(self) -> float:
        return self.quantile(0.99)


def bench_acknowledge(answers: int = 50, *, requests: int = _REQUESTS, pilots: int = _PILOTS) -> None:
    """Print how soon requests are acknowledged, first at rest, then while that many answers are written."""
    asyncio.run(_bench(answers, requests, pilots))


async def _bench(answers: int, requests: int, pilots: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await _fill(folder, pilots)
        async with _Slack().listening() as slack, _server(folder, slack.api_url) as address:
            client = _Client(address)
            await _measure(client, min(requests, 20))  # the first of everything is slower
            print(
                f"{requests:,} signed events, commands, presses and forms, one every {_EVERY * 1_000:.0f} ms, to a "
                f"server over {pilots:,} pilots in SQLite.\n\n{'':<26}      p50        p99        max",
                flush=True,
            )
            idle = await _measure(client, requests)
            print(_line("at rest", idle), flush=True)
            async with _asking(client, slack, answers) as load:
                under_load = await _measure(client, requests)
                seconds, written, least = load.seconds, load.written, load.least
    print(_line(f"{answers:,} answers being written", under_load))
    print(
        f"\nAt no moment were fewer than {least:,} answers under way; {written / seconds:,.0f} a second were posted. "
        f"The p99 is {under_load.p99 / idle.p99:.1f}× that at rest; the aim is less than {AIM:.0f} ms."
    )
    if refused := idle.refused + under_load.refused:
        print(f"{refused:,} requests were not acknowledged with 200.")


def _line(what: str, times: Times) -> str:
    return f"{what:<26} {times.median:>6.1f} ms {times.p99:>7.1f} ms {max(times.taken):>7.1f} ms"


async def _fill(folder: Path, pilots: int) -> None:
    from adapters.sql import open_database  # it takes a while to import

    async with open_database(_database(folder)) as database:
        for batch in SyntheticBase(pilots, await _real_samples()).batches():
            await database.pilots.save(batch, Author("bench"), datetime.now(UTC))


def _database(folder: Path) -> str:
    return f"sqlite:///{folder / 'pilots.sqlite'}"


@dataclass
class _Load:
    """What is asked beside the measured requests. `least` is how many answers were under way at the least."""

    started: float
    least: int
    written: int = 0

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.started


@asynccontextmanager
async def _asking(client: "_Client", slack: "_Slack", people: int) -> AsyncIterator[_Load]:
    """So many people ask inside the block, each again as soon as they are answered."""
    load = _Load(time.perf_counter(), people)
    everybody_waits = asyncio.Event()
    if not people:
        everybody_waits.set()

    async def ask(person: int) -> None:
        channel = f"D0ASK{person}"
        await asyncio.sleep(_HELD * person / people)  # people do not ask at one moment, nor at its multiples
        for turn in itertools.count(person):
            answered = slack.answered(channel)
            await client.send(*_message(_QUESTIONS[turn % len(_QUESTIONS)], channel))
            await answered
            load.written += 1

    async def watch() -> None:
        while True:
            if slack.held >= people:
                everybody_waits.set()
            await asyncio.sleep(0.05)
            if everybody_waits.is_set():
                load.least = min(load.least, len(slack.waiting))

    tasks = [asyncio.create_task(each) for each in (watch(), *(ask(person) for person in range(people)))]
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(everybody_waits.wait(), _PATIENCE)
        load.started, load.written = time.perf_counter(), 0
        yield load
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _measure(client: "_Client", requests: int) -> Times:
    """Sent at an even pace: one that is late keeps no other from being sent."""
    sending: list[asyncio.Task[tuple[int, float]]] = []
    started = time.perf_counter()
    for number, request in zip(range(requests), _requests(), strict=False):
        await asyncio.sleep(max(0.0, started + number * _EVERY - time.perf_counter()))
        sending.append(asyncio.create_task(client.send(*request)))
    answers = await asyncio.gather(*sending)
    return Times([seconds * 1_000 for _, seconds in answers], sum(status != 200 for status, _ in answers))


_numbers = itertools.count(1)


def _requests() -> Iterator[tuple[bytes, str]]:
    """In turn one of each kind, every one new."""
    for number in itertools.count():
        channel, moment = f"D0MEASURED{number}", _moment()
        person = {"id": f"U0MEASURED{number % 20}", "name": "somebody", "team_id": _TEAM}
        yield _message("who tried drones over wetlands?", channel)
        yield _form(
            {"team_id": _TEAM, "command": "/pilot", "text": "help", "trigger_id": moment} | _who(person, channel)
        )
        interaction = {"team": {"id": _TEAM}, "user": person, "trigger_id": moment}
        container = {"type": "message", "channel_id": channel, "message_ts": moment}
        button = {"type": "button", "action_id": "press-1", "block_id": "b", "value": "settings"}
        pressed = {"type": "block_actions", "channel": {"id": channel}, "container": container, "actions": [button]}
        yield _form({"payload": json.dumps(interaction | pressed)})
        metadata = json.dumps({"form": "settings", "context": "", "channel": channel, "thread": ""})
        view = {"id": f"V{number}", "type": "modal", "callback_id": "form", "private_metadata": metadata}
        values = {"field pause": {"value": {"type": "static_select", "selected_option": {"value": "=week"}}}}
        submitted = {"type": "view_submission", "view": view | {"state": {"values": values}}}
        yield _form({"payload": json.dumps(interaction | submitted)})


def _who(person: Mapping[str, str], channel: str) -> dict[str, str]:
    return {"user_id": person["id"], "user_name": person["name"], "channel_id": channel}


def _message(text: str, channel: str) -> tuple[bytes, str]:
    moment = _moment()
    said = {
        "type": "message",
        "channel_type": "im",
        "user": f"U{channel}",
        "channel": channel,
        "ts": moment,
        "text": text,
    }
    body = {"type": "event_callback", "team_id": _TEAM, "event_id": f"Ev{moment}", "event_time": 1, "event": said}
    return json.dumps(body).encode(), "application/json"


def _form(fields: Mapping[str, str]) -> tuple[bytes, str]:
    return urlencode(fields).encode(), "application/x-www-form-urlencoded"


def _moment() -> str:
    return f"1795348800.{next(_numbers):06}"


class _Client:
    """Sends what Slack would, each over a connection of its own."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80

    async def send(self, body: bytes, content_type: str) -> tuple[int, float]:
        """The status, and the seconds until it was there."""
        timestamp = str(int(time.time()))
        digest = hmac.new(_SECRET.encode(), b"v0:%s:%s" % (timestamp.encode(), body), hashlib.sha256).hexdigest()
        head = (
            f"POST /slack/events HTTP/1.1\r\nHost: {self._host}\r\nConnection: close\r\n"
            f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
            f"X-Slack-Request-Timestamp: {timestamp}\r\nX-Slack-Signature: v0={digest}\r\n\r\n"
        )
        started = time.perf_counter()
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection(self._host, self._port)
            try:
                writer.write(head.encode() + body)
                answer = await reader.read()
            finally:
                writer.close()
        return int(answer.split(maxsplit=2)[1] if answer else 0), time.perf_counter() - started


@dataclass
class _Slack:
    """Slack's Web API, as far as the bot asks it: it holds every message for a while, and then says yes."""

    api_url: str = ""
    held: int = 0
    waiting: dict[str, asyncio.Future[None]] = field(default_factory=dict)

    def answered(self, channel: str) -> "asyncio.Future[None]":
        """When something was posted there."""
        self.waiting[channel] = asyncio.get_running_loop().create_future()
        return self.waiting[channel]

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["_Slack"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.api_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/"
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                names = dict(line.lower().partition(":")[::2] for line in head.splitlines()[1:])
                body = await reader.readexactly(int(names.get("content-length", "0")))
                answer = json.dumps(await self._answer(urlsplit(head.split()[1]).path, body)).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
                writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(answer), answer))
                await writer.drain()
        writer.close()

    async def _answer(self, path: str, body: bytes) -> dict[str, Any]:
        match path.rpartition("/")[2]:
            case "auth.test":
                return {"ok": True, "team_id": _TEAM, "user_id": _BOT_USER, "bot_id": "B0BOT", "team": "Bench"}
            case "chat.postMessage":
                self.held += 1
                await asyncio.sleep(_HELD)
                self.held -= 1
                waits = self.waiting.pop(str(json.loads(body).get("channel")), None)
                if waits is not None and not waits.done():
                    waits.set_result(None)
                return {"ok": True, "ts": _moment()}
        return {"ok": True, "view": {"id": "V1", "hash": "1"}, "channel": {"id": "C1"}}


@asynccontextmanager
async def _server(folder: Path, api_url: str) -> AsyncIterator[str]:
    """The server's address, in a process of its own."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=_serve, args=(folder, api_url, theirs))
    process.start()
    theirs.close()
    try:
        yield await asyncio.to_thread(_received, ours)
    finally:
        ours.close()  # which tells it to stop
        await asyncio.to_thread(process.join, _PATIENCE)
        if process.is_alive():
            process.terminate()


def _received(ours: "Connection[None, str]") -> str:
    try:
        return ours.recv()
    except EOFError:
        raise PilotlightError("The server of the bench did not start; pilotlight serve may say why.") from None


def _serve(folder: Path, api_url: str, theirs: "Connection[str, None]") -> None:
    settings = Settings(
        data_dir=folder,
        database_url=_database(folder),
        embeddings="off",
        slack_signing_secret=_SECRET,
        slack_bot_token="xoxb-bench",  # noqa: S106 - Slack's side is ours, too
        slack_app_token="",
        slack_api_url=api_url,
    )
    asyncio.run(_serve_until_told(settings, theirs))


async def _serve_until_told(settings: Settings, theirs: "Connection[str, None]") -> None:
    from deploy.server import serving

    def wait() -> None:
        with suppress(EOFError):
            theirs.recv()

    async with serving(settings, "127.0.0.1", 0) as address:
        theirs.send(address)
        await asyncio.to_thread(wait)

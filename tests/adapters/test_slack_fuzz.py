"""Whatever comes signed: acknowledged in time or refused, and nobody is written to who is not named in it."""

import asyncio
import copy
import itertools
import json
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Self
from unittest.mock import AsyncMock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.pacing import UNPACED
from adapters.slack import outbox
from adapters.slack.encryption import new_key
from adapters.slack.installations import Installations
from adapters.slack.pacing import method_of
from tests.slack_api import (
    PAYLOADS,
    Answer,
    Call,
    Json,
    Sender,
    SlackApi,
    fill,
    install,
    many_workspaces,
    running_server,
    running_slack,
)

pytestmark = pytest.mark.timeout(600)

OTHER_TEAM = "T02OTHER"
IN_TIME_SECONDS = 3.0
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))  # more of them find more

_RECORDED = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(PAYLOADS.glob("*.json"))}
_KINDS = {
    "event": [name for name, body in _RECORDED.items() if body.get("type") == "event_callback"],
    "command": [name for name, body in _RECORDED.items() if "command" in body],
    "interaction": [
        name
        for name, body in _RECORDED.items()
        if body.get("type", "event_callback").startswith(("view_", "block_", "sh", "mes"))
    ],
}
# What is addressed in a call.
_WHOM = ("channel", "channel_id", "user", "user_id", "thread_ts", "ts", "view_id", "trigger_id")


class Fuzzed:
    """One server with two workspaces, in a thread of its own for all examples, and what is sent to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._numbers = itertools.count(1)
        self._stopping = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.slack = SlackApi()
        self.sender: Sender | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        url, key = f"sqlite:///{self._folder / 'fuzz.sqlite'}", new_key()
        await fill(url)
        async with running_slack() as self.slack:
            self.slack.bots = {}
            for team in ("T01TEST", OTHER_TEAM):
                await install(self.slack, url, key, team)
            more = many_workspaces(key) | {"database_url": url}
            async with running_server(self.slack, self._folder, **more) as self.sender:
                self._ready.set()
                await self._stopping.wait()

    def renewed(self, recorded: object) -> Any:
        """The same with another moment, channel and person: what is said twice is not answered, nor at once."""
        number = f"{next(self._numbers):04}"
        text = json.dumps(recorded).replace("1795348800", f"179534{number}")
        for name in ("C01GENERAL", "D01ALICE", "U01ALICE", "V01VIEW"):
            text = text.replace(name, name + number)
        return json.loads(text.replace("http://127.0.0.1:43000/_hooks/", f"{self.slack.url}/"))

    def answer_to(self, send: Callable[[Sender], Coroutine[Any, Any, Answer]]) -> tuple[Answer, list[Call]]:
        """What is answered at once, and all that the bot said when it had done with it."""
        sender, before = self.sender, len(self.slack.calls)
        assert sender is not None

        async def run() -> Answer:
            answer = await send(sender)
            while True:
                if not _busy():
                    return answer
                await asyncio.sleep(0.002)

        answer = asyncio.run_coroutine_threadsafe(run(), self._loop).result(60)
        return answer, self.slack.calls[before:]


def _busy() -> bool:
    """Whether bolt works on something that was acknowledged already."""
    names = (getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks())
    return any("run_ack_function" in name or "Bot.handle" in name for name in names)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "method_of", lambda name: replace(method_of(name), pace=UNPACED))
        # Or the first uninstallation would be the end of it.
        patch.setattr(Installations, "async_delete_all", AsyncMock())
        with Fuzzed(tmp_path_factory.mktemp("fuzz")) as running:
            yield running


def _keys(tree: object) -> Iterator[str]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield key
            yield from _keys(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _keys(value)


_WORDS = [
    "event_callback", "block_actions", "view_submission", "view_closed", "shortcut", "message_action", "message",
    "app_mention", "app_home_opened", "app_uninstalled", "tokens_revoked", "team_access_granted", "function_executed",
    "agent_session_stopped", "home", "messages", "im", "modal", "T01TEST", OTHER_TEAM, "E01ORG", "U0BOT", "B0BOT",
    "C01GENERAL", "D01ALICE", "true", "help", "show x", "share x", "good x", "bad x", "tell", "settings", "mute",
    "not-now", "mode open", "channel off", "home driverless shuttles", "<@U0BOT> shuttle", "/pilot", "form", "search",
    "ask_about_message", '{"form": "tell", "context": "", "channel": "C1", "thread": ""}', '{"form": 1}', "field title",
]  # fmt: skip
_NASTY = [
    "", " ", "\x00", "\ud800", "\udfff\ud800", "\u202e", "\ufeff", "x" * 5_000, "<!channel>", "<@", "<@|>", "{",
    "[" * 5_000, "../..", "a\nb", "\r\nX: y", "%00", "🔥" * 500, "é" * 300, "9" * 5_000, "NaN",
    "1e999", "http://[", "xoxb-1",
]  # fmt: skip
_TEXTS = st.sampled_from(_WORDS) | st.sampled_from(_NASTY) | st.text(max_size=30)
_LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from([0, -1, 2**63, 10**400]) | st.floats() | _TEXTS
_NAMES = st.sampled_from(sorted({*_keys(list(_RECORDED.values()))} | {"ssl_check", "response_urls"})) | _TEXTS
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=6),
    max_leaves=25,
)
_ENVELOPES = st.dictionaries(_NAMES, _TREES, max_size=12)


def _places(tree: object) -> Iterator[tuple[Any, Any]]:
    """Every value in it, as what holds it and by which key."""
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inside:
        yield tree, key
        yield from _places(value)


@st.composite
def _changes(draw: st.DrawFn) -> list[tuple[float, str, object]]:
    """Where, as a part of all places; what; and with what."""
    one = st.tuples(
        st.floats(0, 1, exclude_max=True), st.sampled_from(["drop", "text", "leaf", "tree", "name"]), st.none()
    )
    drawn = draw(st.lists(one, min_size=1, max_size=4))
    kinds = {"drop": st.none(), "text": _TEXTS, "leaf": _LEAVES, "tree": _TREES, "name": _TEXTS}
    return [(where, what, draw(kinds[what])) for where, what, _ in drawn]


def _changed(recorded: Json, changes: list[tuple[float, str, object]]) -> Json:
    tree = copy.deepcopy(recorded)
    for where, what, value in changes:
        places = list(_places(tree))
        if not places:
            break
        holder, key = places[int(where * len(places))]
        if what == "drop":
            del holder[key]
        elif what == "name" and isinstance(holder, dict):
            holder[str(value)] = holder.pop(key)
        else:
            holder[key] = value
    return tree


def _strings(tree: object) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield key
            yield from _strings(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _strings(value)


def _judge(fuzzed: Fuzzed, sent: object, answer: Answer, calls: list[Call]) -> None:
    assert answer.status < 500
    assert answer.seconds < IN_TIME_SECONDS
    strings = set(_strings(sent))
    for call in calls:
        if call.method == "response_url":
            assert call.arguments["response_url"] in strings
            continue
        assert fuzzed.slack.bots[call.token]["team_id"] in strings
        for name in _WHOM:
            value = call.arguments.get(name)
            assert value is None or any(value in string for string in strings), (name, value, call.method)


fuzz = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=False, database=None
)


def _try(fuzzed: Fuzzed, kind: str, body: Any) -> tuple[Answer, list[Call]]:
    match kind:
        case "event":
            answer, calls = fuzzed.answer_to(lambda sender: sender.event(body))
        case "interaction":
            answer, calls = fuzzed.answer_to(lambda sender: sender.interaction(body))
        case _:
            texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in body.items()}
            body = {_without_halves(key): _without_halves(value) for key, value in texts.items()}
            answer, calls = fuzzed.answer_to(lambda sender: sender.command(body))
    _judge(fuzzed, body, answer, calls)
    return answer, calls


def _without_halves(text: str) -> str:
    """Half a character can stand in JSON, and not in a form."""
    return text.encode(errors="replace").decode()


@pytest.mark.parametrize("kind", ["event", "interaction", "command"])
@fuzz
@given(body=_ENVELOPES)
def test_trees_of_any_shape_do_no_harm(fuzzed: Fuzzed, kind: str, body: Json) -> None:
    _try(fuzzed, kind, body)


@pytest.mark.parametrize("kind", ["event", "interaction"])
@fuzz
@given(body=_TREES)
def test_json_of_any_kind_does_no_harm(fuzzed: Fuzzed, kind: str, body: object) -> None:
    _try(fuzzed, kind, body)


@pytest.mark.parametrize("kind", ["event", "interaction", "command"])
@fuzz
@given(data=st.data(), changes=_changes())
@pytest.mark.shows("nonsense")
def test_what_slack_sends_with_something_changed_does_no_harm(
    fuzzed: Fuzzed, kind: str, data: st.DataObject, changes: list[tuple[float, str, object]]
) -> None:
    name = data.draw(st.sampled_from(_KINDS[kind]))
    body = _changed(fuzzed.renewed(_RECORDED[name]), changes)
    _try(fuzzed, kind, body)


@pytest.mark.parametrize("team", [2**63, True, "\x00", "\ud800", ["T01TEST"], {"id": 1}, "T" * 10_000], ids=range(7))
def test_a_workspace_by_no_name_is_no_trouble_of_the_database(fuzzed: Fuzzed, team: object) -> None:
    answer, calls = _try(fuzzed, "event", {**_RECORDED["app_mention"], "authorizations": [], "team_id": team})
    assert answer.status in (200, 400)
    assert calls == []


@pytest.mark.parametrize("name", sorted(_RECORDED))
def test_what_slack_sends_unchanged_is_taken(fuzzed: Fuzzed, name: str) -> None:
    body = fuzzed.renewed(_RECORDED[name])
    kind = next((kind for kind, names in _KINDS.items() if name in names), "event")
    answer, calls = _try(fuzzed, kind, body)
    assert answer.status == 200
    if name in {"app_mention", "slash_command", "app_home_opened_home", "block_actions_in_message"}:
        assert calls

"""Whatever comes signed: taken in time or refused, and nobody is written to but who spoke, where they spoke."""

import asyncio
import copy
import itertools
import json
import os
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.pacing import UNPACED
from adapters.teams import outbox
from adapters.teams.cards import ACTION
from adapters.teams.dialogs import FORM
from tests.slack_api import fill
from tests.teams_api import ELSEWHERE, PAYLOADS, Answer, Sender, TeamsApi, running_server, running_teams
from tests.teams_connector import TENANT, Heard, Json

pytestmark = pytest.mark.timeout(600)

IN_TIME_SECONDS = 5.0
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))  # more of them find more
SECRET_WORD = "unmentionable"

_RECORDED: dict[str, Json] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(PAYLOADS.glob("*.json"))
}
_OTHER_ROOM = "19:secret@thread.tacv2;messageid=1"


def _of_ours() -> Iterator[tuple[str, Json]]:
    """What our own cards and forms send, also changed by who holds them in their hands."""
    pressed = (
        "show sample:1", "show ../..", "share someone-elses", "good someone-elses", "bad someone-elses", "bad",
        "tell Bus", "settings", "mute", "not-now", "mode open", "mode off", "link 123456", "link", "old", "",
    )  # fmt: skip
    forms = ("tell", "settings", "feedback", "link", "search", "of_2031", "")
    holders = ("action_execute_in_channel", "action_execute_in_personal", "dialog_fetch", "dialog_fetch_in_channel",
               "action_submit_in_channel", "dialog_submit", "message_action_submit")  # fmt: skip
    datas: list[Json] = [{ACTION: each} for each in pressed]
    datas += [
        {
            FORM: {"form": form, "context": "someone-elses", "conversation": _OTHER_ROOM},
            **{f"field-{name}": f"{SECRET_WORD} {name}" for name in ("title", "summary", "reason", "code", "country")},
            "choice-stage": "=pilot",
        }
        for form in forms
    ]
    for name, (number, data) in itertools.product(holders, enumerate(datas)):
        body = copy.deepcopy(_RECORDED[name])
        if name.startswith("action_execute"):
            body["value"]["action"]["data"] = data
        elif name.startswith("action_submit"):
            body["value"] = data
        else:
            body["value"]["data"] = data
        yield f"{name} {number}", body


_OURS = dict(_of_ours())
_KINDS = {
    "message": [name for name, body in _RECORDED.items() if body["type"] == "message"],
    "invoke": [name for name, body in _RECORDED.items() if body["type"] == "invoke"],
    "update": [name for name, body in _RECORDED.items() if body["type"] not in ("message", "invoke")],
    "ours": sorted(_OURS),
}
_ALL = _RECORDED | _OURS


class Fuzzed:
    """One server with two tenants, in a thread of its own for all examples, and what is sent to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._numbers = itertools.count(1)
        self._stopping = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.teams: TeamsApi | None = None
        self.sender: Sender | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(60)
        assert not self._thread.is_alive()

    @property
    def log(self) -> str:
        """All that the server wrote into its log."""
        path = self._folder / "pilotlight.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        url = f"sqlite:///{self._folder / 'fuzz.sqlite'}"
        await fill(url)
        more = {"database_url": url, "teams_allowed_tenants": ELSEWHERE}
        async with running_teams() as self.teams, running_server(self.teams, self._folder, **more) as self.sender:
            self._ready.set()
            await self._stopping.wait()

    def renewed(self, recorded: object) -> Any:
        """The same with another moment, room and person: what is said twice is not answered, nor at once."""
        assert self.teams is not None
        number = f"{next(self._numbers):05}"
        text = json.dumps(recorded).replace("17953488", f"179{number}").replace("f:d0000000", f"f:d{number}")
        for name in ("19:projects", "19:group", "a:1alice", "29:1alice", "29:1bob", "29:1carol"):
            text = text.replace(name, name + number)
        body = json.loads(text)
        return body | {"serviceUrl": self.teams.service_url} if isinstance(body, dict) else body

    def answer_to(self, send: Callable[[Sender], Coroutine[Any, Any, Answer]]) -> tuple[Answer, list[Heard]]:
        """What is answered at once, and all that the bot asked or said when it had done with it."""
        sender, teams = self.sender, self.teams
        assert sender is not None
        assert teams is not None
        before = len(teams.heard)

        async def run() -> Answer:
            answer = await send(sender)
            while True:
                if not _busy():
                    return answer
                await asyncio.sleep(0.002)

        answer = asyncio.run_coroutine_threadsafe(run(), self._loop).result(60)
        return answer, teams.heard[before:]


def _busy() -> bool:
    """Whether the adapter works on something that was acknowledged already."""
    names = (getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks())
    return any(name.startswith(("TeamsApp.", "ReachNotes.", "Stream.")) for name in names)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "IN_A_CONVERSATION", UNPACED)
        patch.setattr(outbox, "IN_A_TENANT", UNPACED)
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
    "message", "invoke", "messageReaction", "messageUpdate", "conversationUpdate", "installationUpdate", "typing",
    "adaptiveCard/action", "task/fetch", "task/submit", "composeExtension/query", "composeExtension/fetchTask",
    "composeExtension/submitAction", "message/submitAction", "feedback", "like", "dislike", "search", "similar",
    "initialRun", "add", "remove", "personal", "groupChat", "channel", "Shared", "xml", "plain", "mention",
    TENANT, ELSEWHERE, TENANT.upper(), "28:7e0a0000-0000-4000-8000-0000000000b0", "29:1alice", "a:1alice", "bot",
    "19:projects@thread.tacv2", _OTHER_ROOM, "<at>Pilotlight</at>", "/pilot", "help", "home", "tell", "settings",
    "show sample:1", "share x", "good x", "bad x", "mute", "not-now", "mode open", "link 123456", FORM, ACTION,
    '{"feedbackText": "no"}', '{"feedbackText": [1]}', "true", f"who tried {SECRET_WORD} shuttles?",
]  # fmt: skip
_NASTY = [
    "", " ", "\x00", "\ud800", "\udfff\ud800", "\u202e", "\ufeff", "x" * 5_000, "<at>", "<at>" * 500, "</at>",
    "{{DATE(1)}}", "{", "[" * 5_000, "../..", "a/../b", "a%2f..%2fb", "?isTargetedActivity=true", "#", "a\nb",
    "\r\nX: y", "%00", "🔥" * 500, "é" * 300, "9" * 5_000, "NaN", "1e999", "http://[", ";messageid=",
    ";messageid=1;messageid=2", "https://evil.example/", "<script>", "&lt;at&gt;",
]  # fmt: skip
_TEXTS = st.sampled_from(_WORDS) | st.sampled_from(_NASTY) | st.text(max_size=30)
_LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from([0, -1, 2**63, 10**400]) | st.floats() | _TEXTS
_NAMES = st.sampled_from(sorted({*_keys(list(_ALL.values()))})) | _TEXTS
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


def _judge(sent: object, answer: Answer, calls: list[Heard]) -> None:
    assert answer.status in (200, 400, 401, 403)
    assert answer.seconds < IN_TIME_SECONDS
    if answer.status != 200:
        assert calls == []
        return
    assert isinstance(sent, dict)
    assert sent["channelId"] == "msteams"
    if answer.text:
        assert isinstance(answer.json(), dict)
    if (sent.get("type"), sent.get("name")) == ("invoke", "adaptiveCard/action"):
        assert answer.json()["statusCode"] == 200
    for call in calls:
        _judge_call(call, sent)


def _judge_call(call: Heard, sent: Mapping[str, Any]) -> None:
    """Teams was asked about or told of nobody and nothing but what the activity itself is about."""
    user, room = sent["from"]["id"], sent["conversation"]["id"].partition(";messageid=")[0]
    where = [unquote(part) for part in call.path.removeprefix("/emea/v3/").split("/")]
    match call.method, where:
        case "POST", ["conversations"]:
            assert [each["id"] for each in call.body["members"]] == [user]
            return
        case "POST", ["conversations", conversation, "activities"]:
            # What a room does not take goes to the person's own chat, whose id the stand-in made.
            assert conversation.partition(";messageid=")[0] == room or conversation.isdigit()
            assert call.body.get("recipient", {"id": user})["id"] == user
        case "PUT", ["conversations", conversation, "activities", post]:
            assert conversation.partition(";messageid=")[0] == room
            assert post == sent["replyToId"]
        case "GET", ["conversations", conversation, "members", member]:
            assert (conversation, member) == (room, user)
        case "GET", ["conversations", conversation, "pagedmembers"]:
            assert conversation == room
        case _:
            pytest.fail(f"Nobody asked for {call.method} {call.path}")


fuzz = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=False, database=None
)


def _try(fuzzed: Fuzzed, body: Any) -> tuple[Answer, list[Heard]]:
    answer, calls = fuzzed.answer_to(lambda sender: sender.send(body))
    _judge(body, answer, calls)
    assert SECRET_WORD not in fuzzed.log
    assert "Traceback" not in fuzzed.log
    return answer, calls


@fuzz
@given(body=_ENVELOPES)
def test_trees_of_any_shape_do_no_harm(fuzzed: Fuzzed, body: Json) -> None:
    _try(fuzzed, fuzzed.renewed({"channelId": "msteams", "conversation": {"tenantId": TENANT}} | body))


@fuzz
@given(body=_TREES)
def test_json_of_any_kind_does_no_harm(fuzzed: Fuzzed, body: object) -> None:
    _try(fuzzed, body)


@pytest.mark.shows("nonsense")
@pytest.mark.parametrize("kind", _KINDS)
@fuzz
@given(data=st.data(), changes=_changes())
def test_what_teams_sends_with_something_changed_does_no_harm(
    fuzzed: Fuzzed, kind: str, data: st.DataObject, changes: list[tuple[float, str, object]]
) -> None:
    name = data.draw(st.sampled_from(_KINDS[kind]))
    _try(fuzzed, _changed(fuzzed.renewed(_ALL[name]), changes))


@fuzz
@given(data=st.data(), value=_TREES)
def test_what_a_card_sends_back_may_be_anything(fuzzed: Fuzzed, data: st.DataObject, value: object) -> None:
    body = fuzzed.renewed(_ALL[data.draw(st.sampled_from(_KINDS["ours"]))])
    holder = body["value"]["action"] if "action" in body["value"] else body["value"]
    place = data.draw(st.sampled_from(["data", "value"]))
    if place == "data" and "data" in holder:
        kept = holder["data"]
        holder["data"] = data.draw(st.sampled_from([value, {ACTION: value}, {FORM: value}, kept | {FORM: value}]))
    else:
        body["value"] = value
    _try(fuzzed, body)


@pytest.mark.parametrize("name", sorted(_ALL))
def test_what_teams_sends_unchanged_is_taken(fuzzed: Fuzzed, name: str) -> None:
    answer, calls = _try(fuzzed, fuzzed.renewed(_ALL[name]))
    assert answer.status == 200
    if name in {"mention_in_channel", "message_in_personal", "slash_command_in_thread", "action_submit_in_personal"}:
        assert calls

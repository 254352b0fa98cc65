"""A stand-in for the Bot Connector and for who signs in and out of Teams, on a port of its own."""

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs

from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.end_to_end.teams_identity import Identity

Json = dict[str, Any]
Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]

APP_ID: Final = "7e0a0000-0000-4000-8000-0000000000b0"
APP_PASSWORD: Final = "very-secret-password"
TENANT: Final = "7e0a0000-0000-4000-8000-000000000001"
KEY_ID: Final = "test-key"


@dataclass(frozen=True)
class Heard:
    """A call as it came; the path is as it was written, before anything is decoded."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    authorization: str


class StandIn:
    """Says yes to every call, or what was put before it in `answers`, `login_answers` or `open_id_answers`."""

    def __init__(self, server: TestServer, key: rsa.RSAPrivateKey) -> None:
        address = str(server.make_url("")).rstrip("/")
        self.identity = Identity(APP_ID, APP_PASSWORD, address, key)
        self.service_url = f"{address}/emea/"
        self.key_id = KEY_ID
        self.endorsements: list[str] | None = ["msteams"]
        self.token_seconds = 3600
        self.heard: list[Heard] = []
        self.logins: list[tuple[str, dict[str, list[str]]]] = []
        self.open_id_requests: list[str] = []
        self.answers: list[Behaviour] = []
        self.login_answers: list[Behaviour] = []
        self.open_id_answers: list[Behaviour] = []

    def rotate(self, key: rsa.RSAPrivateKey, key_id: str) -> None:
        self.identity = replace(self.identity, key=key)
        self.key_id = key_id

    def token(self, *, header: Mapping[str, object] | None = None, **claims: object) -> str:
        """As Teams signs it for an activity, with these claims, and these words in its header."""
        told = self.identity.token(self.service_url, **claims).split(".")
        named = {"alg": "RS256", "typ": "JWT", "kid": self.key_id, **(header or {})}
        signed = f"{_encoded(json.dumps(named).encode())}.{told[1]}"
        if named["alg"] == "none":
            return f"{signed}."
        signature = self.identity.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_encoded(signature)}"

    async def hear(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/v1/.well-known/"):
            self.open_id_requests.append(request.path)
            return await (self.open_id_answers.pop(0) if self.open_id_answers else self._tell_keys)(request)
        if request.path.endswith("/oauth2/v2.0/token"):
            self.logins.append((request.path, parse_qs(await request.text())))
            return await (self.login_answers.pop(0) if self.login_answers else self._log_in)(request)
        text = await request.text()
        authorization = request.headers.get("Authorization", "")
        path = request.rel_url.raw_path
        self.heard.append(Heard(request.method, path, dict(request.query), json.loads(text or "null"), authorization))
        return await (self.answers.pop(0) if self.answers else self.usual(self.heard[-1]))(request)

    def usual(self, _heard: Heard) -> Behaviour:
        return said({"id": str(len(self.heard))}, 201)

    async def _log_in(self, _request: web.Request) -> web.Response:
        status, told = self.identity.answer(*self.logins[-1])
        # Each one is another, so that it is seen which is in use.
        numbered = {"access_token": f"{self.identity.bot_token}-{len(self.logins)}", "expires_in": self.token_seconds}
        return web.json_response({**told, **numbered} if status == 200 else told, status=status)

    async def _tell_keys(self, request: web.Request) -> web.Response:
        status, told = self.identity.answer(request.path, None)
        for key in told.get("keys", ()):
            key["kid"] = self.key_id
            key["endorsements"] = self.endorsements
        return web.json_response(told, status=status)


S = TypeVar("S", bound=StandIn)


@asynccontextmanager
async def running_stand_in(key: rsa.RSAPrivateKey) -> AsyncIterator[StandIn]:
    async with running(StandIn, key) as stand_in:
        yield stand_in


@asynccontextmanager
async def running(kind: type[S], key: rsa.RSAPrivateKey) -> AsyncIterator[S]:
    app = web.Application()
    server = TestServer(app)
    heard_by: list[S] = []

    async def hear(request: web.Request) -> web.StreamResponse:
        return await heard_by[0].hear(request)

    app.router.add_route("*", "/{path:.*}", hear)
    async with server:
        heard_by.append(kind(server, key))
        yield heard_by[0]


def said(data: object, status: int = 200, **headers: str) -> Behaviour:
    return raw(json.dumps(data), "application/json", status, **headers)


def raw(text: str, content_type: str = "text/html", status: int = 200, **headers: str) -> Behaviour:
    async def answer(_request: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(text=text, content_type=content_type, status=status, headers=named)

    return answer


def refused(status: int, code: str, message: str = "No.") -> Behaviour:
    return said({"error": {"code": code, "message": message}}, status)


async def hangs_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response(status=500)


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

"""Who signs in Teams' place: the keys the bot fetches, the tokens it is shown, and the token it must show itself.

The peer signs nothing that can be checked without a network. What passes from it to the bot is signed here, and the
bot is told where the keys are. It all runs in a thread, since botbuilder and MSAL fetch with blocking requests:
a bot in the test's own loop would otherwise wait for itself.
"""

import base64
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ISSUER: Final = "https://api.botframework.com"
_KEY_ID: Final = "test-key"
_VALID_SECONDS: Final = 3600


@dataclass(frozen=True)
class Identity:
    """Teams' side of every check of identity; what the bot is to be told is `open_id_url` and `login_url`."""

    app_id: str
    app_password: str
    address: str
    key: rsa.RSAPrivateKey = field(repr=False)
    bot_token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    """What a bot must show that has asked for a token."""

    @property
    def open_id_url(self) -> str:
        """The metadata of who signs the activities, in real life login.botframework.com/v1/.well-known/…"""
        return f"{self.address}/v1/.well-known/openidconfiguration"

    @property
    def login_url(self) -> str:
        """Where the bot gets its token, in real life login.microsoftonline.com: POST <tenant>/oauth2/v2.0/token."""
        return self.address

    def token(self, service_url: str, **claims: object) -> str:
        """A token as Teams sends one with an activity; a claim of None is left out."""
        now = int(time.time())
        told: dict[str, object] = {
            "serviceurl": service_url,
            "nbf": now - 60,
            "exp": now + _VALID_SECONDS,
            "iss": ISSUER,
            "aud": self.app_id,
            **claims,
        }
        header = {"alg": "RS256", "kid": _KEY_ID, "typ": "JWT", "x5t": _KEY_ID}
        body = {name: value for name, value in told.items() if value is not None}
        signed = f"{_encoded_json(header)}.{_encoded_json(body)}"
        return f"{signed}.{_encoded(self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def answer(self, path: str, form: dict[str, list[str]] | None) -> tuple[int, dict[str, Any]]:
        """What is served: the metadata, the keys, and in return for the app's secret a token."""
        if form is None and path == "/v1/.well-known/openidconfiguration":
            keys = {"jwks_uri": f"{self.address}/v1/.well-known/keys"}
            return 200, {"issuer": ISSUER, "id_token_signing_alg_values_supported": ["RS256"], **keys}
        if form is None and path == "/v1/.well-known/keys":
            return 200, {"keys": [self._public_key()]}
        if form is None or not path.endswith("/oauth2/v2.0/token"):
            return 404, {"error": "not_found"}
        if form.get("client_id") != [self.app_id] or form.get("client_secret") != [self.app_password]:
            return 401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret."}
        if form.get("scope") != [f"{ISSUER}/.default"]:
            return 400, {"error": "invalid_scope", "error_description": "AADSTS70011: The scope is not valid."}
        return 200, {"token_type": "Bearer", "expires_in": _VALID_SECONDS, "access_token": self.bot_token}

    def _public_key(self) -> dict[str, object]:
        numbers = self.key.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": _KEY_ID,
            "x5t": _KEY_ID,
            "n": _encoded(numbers.n.to_bytes(256, "big")),
            "e": _encoded(numbers.e.to_bytes(3, "big")),
            "endorsements": ["msteams"],
        }


@contextmanager
def running_identity(app_id: str, app_password: str) -> Iterator[Identity]:
    server = _Server(("127.0.0.1", 0), _Handler)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    server.identity = Identity(app_id, app_password, f"http://127.0.0.1:{server.server_address[1]}", key)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.identity
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    identity: Identity


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        self._answer(parse_qs(self.rfile.read(length).decode()))

    def _answer(self, form: dict[str, list[str]] | None) -> None:
        assert isinstance(self.server, _Server)
        status, told = self.server.identity.answer(self.path, form)
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _encoded_json(content: object) -> str:
    return _encoded(json.dumps(content).encode())

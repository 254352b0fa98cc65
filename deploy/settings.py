"""Settings: read once from the environment and `.env` into one frozen object."""

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from dotenv import dotenv_values
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.voice import ENGLISH, LANGUAGES
from knowledge.countries import country_names
from knowledge.errors import PilotlightError

PREFIX = "PILOTLIGHT_"
_EXAMPLE = "8f742231b10e8888abcd99yyyzzz85a5"
_EXAMPLE_APP = "11111111-2222-3333-4444-555555555555"
_EXAMPLE_TENANT = "66666666-7777-8888-9999-000000000000"
_OF_THE_PAGE = "is still the example of the page: put your own there"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WORKSPACE = re.compile(r"[te][0-9a-z]+")
_NAME_LENGTH = 100
_SECRET_LENGTH = 6  # Slack's are far longer; a space or a dot left from a guide is not


class InvalidSettingsError(PilotlightError):
    """A setting is missing or wrong; the message names it, says what it is for and gives an example."""


class Settings(BaseSettings):
    """Each field is the variable PILOTLIGHT_<NAME>; its description and example are shown to people."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", frozen=True, extra="ignore")

    data_dir: Path = Field(
        default=Path("data"),
        description="the folder for the database file, the search index and models",
        examples=["/var/lib/pilotlight"],
    )
    database_url: str = Field(
        default="",
        repr=False,  # it may hold a password
        description="where the pilots are kept; when empty, an SQLite file in the data folder",
        examples=["postgresql://pilotlight:secret@localhost/pilotlight"],
    )
    embeddings: str = Field(
        default="off",
        description="what finds pilots by their meaning: off, or a sentence-embedding model's folder",
        examples=["onnx:data/models/all-MiniLM-L6-v2"],
    )
    writer: str = Field(
        default="off",
        description="what writes answers: off, or the address and the model of an OpenAI-compatible server",
        examples=["openai:http://localhost:11434/v1#llama3.1"],
    )
    writer_key: str = Field(
        default="",
        repr=False,
        description="the key of that server, where it asks for one",
        examples=["sk-…"],
    )
    community: str = Field(
        default="local",
        min_length=1,
        max_length=_NAME_LENGTH,
        description="the community of the terminal, of your tenant in Teams, and of a bot token's workspace in Slack",
        examples=["city-innovators"],
    )
    language: str = Field(
        default=ENGLISH,
        description="the language that rooms read, and whoever has not chosen another: " + ", ".join(LANGUAGES),
        examples=["de"],
    )
    time_zone: str = Field(
        default="UTC",
        description="the time zone of whoever has not said theirs: nobody is asked outside their working hours",
        examples=["Europe/Helsinki"],
    )
    country: str = Field(
        default="",
        description="the country, by its two-letter code, whose holidays are those of whoever has not said theirs",
        examples=["FI"],
    )

    slack_signing_secret: str = Field(
        default="",
        repr=False,
        description="Slack's proof that a request is its own: Basic Information, Signing Secret",
        examples=[_EXAMPLE],
    )
    slack_bot_token: str = Field(
        default="",
        repr=False,
        description="the token of the bot in one workspace; leave it out where many may install it",
        examples=["xoxb-…"],
    )
    slack_app_token: str = Field(
        default="",
        repr=False,
        description="where it is set, Slack is reached by Socket Mode, without an address of your own",
        examples=["xapp-…"],
    )
    slack_client_id: str = Field(
        default="",
        description="Slack's name of your app, where many workspaces may install it",
        examples=["1234567890.1234567890"],
    )
    slack_client_secret: str = Field(
        default="",
        repr=False,
        description="what proves to Slack that an installation is your app's",
        examples=["0123456789abcdef0123456789abcdef"],
    )
    slack_api_url: str = Field(
        default="https://slack.com/api/",
        description="where Slack's Web API is; another for a stand-in",
        examples=["http://127.0.0.1:43000/api/"],
    )
    teams_app_id: str = Field(
        default="",
        description="who the bot is in Teams: the app registration's Application (client) ID",
        examples=[_EXAMPLE_APP],
    )
    teams_app_password: str = Field(
        default="",
        repr=False,
        description="what proves to Microsoft that it is the bot: the Value of a client secret of that app",
        examples=["the-value-of-a-client-secret"],
    )
    teams_tenant_id: str = Field(
        default="",
        description="the organisation that the app is registered in: its Directory (tenant) ID",
        examples=[_EXAMPLE_TENANT],
    )
    teams_allowed_tenants: str = Field(
        default="",
        description="further organisations that the bot answers, commas between; its own one is always answered",
        examples=["77777777-8888-9999-0000-111111111111"],
    )
    teams_guests: Literal["outsiders", "members"] = Field(
        default="outsiders",
        description="what guests of the organisation see in Teams: as outsiders what is public, as members what all do",
        examples=["members"],
    )
    teams_insecure_dev: bool = Field(
        default=False,
        description="for the Agents Playground on your own machine: nobody is asked who they are",
        examples=["1"],
    )
    teams_open_id_url: str = Field(
        default="https://login.botframework.com/v1/.well-known/openidconfiguration",
        description="where Microsoft tells the keys that it signs with; another for a stand-in",
        examples=["http://127.0.0.1:43000/v1/.well-known/openidconfiguration"],
    )
    teams_login_url: str = Field(
        default="https://login.microsoftonline.com",
        description="where the bot gets its token for Teams; another for a stand-in",
        examples=["http://127.0.0.1:43000"],
    )
    communities: str = Field(
        default="",
        description="which community a workspace or tenant is, where not its own: id=name, commas between",
        examples=["T012ABCDEF=city-innovators,66666666-7777-8888-9999-000000000000=city-innovators"],
    )
    link_by_email: bool = Field(
        default=False,
        description="whether accounts in Slack and Teams with the same verified e-mail address are taken as one person",
        examples=["1"],
    )
    public_url: str = Field(
        default="",
        description="where people and platforms reach this server, for the pages of an installation",
        examples=["https://pilotlight.example.org"],
    )
    encryption_keys: str = Field(
        default="",
        repr=False,
        description="what tokens are encrypted with, the newest first, commas between; made by pilotlight keys new",
        examples=["made-by-pilotlight-keys-new"],
    )

    @field_validator("language")
    @classmethod
    def _is_spoken(cls, value: str) -> str:
        if value not in LANGUAGES:
            raise ValueError(f"must be one of {', '.join(LANGUAGES)}")
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("must be a time zone such as Europe/Helsinki")
        return value

    @field_validator("country")
    @classmethod
    def _is_a_country(cls, value: str) -> str:
        if value and value.upper() not in country_names():
            raise ValueError("must be a country's two-letter code such as FI")
        return value.upper()

    @field_validator("slack_api_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if not _is_secret_to_others(value):
            raise ValueError("must begin with https://")
        return value if value.endswith("/") else f"{value}/"

    @field_validator("teams_open_id_url", "teams_login_url")
    @classmethod
    def _is_an_https_address(cls, value: str) -> str:
        if not _is_secret_to_others(value):
            raise ValueError("must begin with https://")
        return value

    @field_validator("teams_app_id", "teams_tenant_id")
    @classmethod
    def _is_an_id(cls, value: str) -> str:
        value = value.strip().lower()
        if value and not _GUID.fullmatch(value):
            raise ValueError("must be 8, 4, 4, 4 and 12 digits or letters from a to f, with dashes between")
        if value in {_EXAMPLE_APP, _EXAMPLE_TENANT}:
            raise ValueError(_OF_THE_PAGE)
        return value

    @field_validator("teams_app_password")
    @classmethod
    def _is_a_value(cls, value: str) -> str:
        value = value.strip()
        if _GUID.fullmatch(value.lower()):
            raise ValueError("must be the Value of the client secret, which Entra shows once, and not its Secret ID")
        if value and not value.strip("…."):
            raise ValueError(_OF_THE_PAGE)
        return value

    @field_validator("teams_allowed_tenants")
    @classmethod
    def _are_ids(cls, value: str) -> str:
        tenants = _listed(value.lower())
        if not all(_GUID.fullmatch(tenant) for tenant in tenants):
            raise ValueError("must be ids of 8, 4, 4, 4 and 12 digits or letters from a to f, with commas between")
        return ",".join(tenants)

    @field_validator("communities")
    @classmethod
    def _are_communities(cls, value: str) -> str:
        pairs = [[part.strip() for part in each.split("=")] for each in _listed(value)]
        if not all(len(pair) == 2 and all(pair) and len(pair[1]) <= _NAME_LENGTH for pair in pairs):
            raise ValueError("must be pairs of id=name, with commas between")
        ids = [each.lower() for each, _ in pairs]
        if not all(_GUID.fullmatch(each) or _WORKSPACE.fullmatch(each) for each in ids):
            raise ValueError("must have the id of a workspace (T…), organisation (E…) or tenant before each =")
        if len(set(ids)) < len(ids):
            raise ValueError("must name each id once")
        return ",".join("=".join(pair) for pair in pairs)

    @field_validator("slack_signing_secret")
    @classmethod
    def _is_a_secret(cls, value: str) -> str:
        value = value.strip()
        if value and (len(value) < _SECRET_LENGTH or value == _EXAMPLE):
            raise ValueError("must be the Signing Secret of your own app")
        return value

    @field_validator("data_dir")
    @classmethod
    def _is_plain(cls, value: Path) -> Path:
        # The database's address holds it, where these begin something else; and no file system here lost bytes.
        if set("?#%") & set(str(value)) or str(value).encode(errors="replace").decode() != str(value):
            raise ValueError("must be a path in UTF-8 without ?, # and %")
        return value

    @field_validator("database_url")
    @classmethod
    def _is_a_database(cls, value: str) -> str:
        if value and not value.startswith(
            ("sqlite:", "sqlite+aiosqlite:", "postgresql:", "postgresql+asyncpg:", "postgres:")
        ):
            raise ValueError("must begin with sqlite: or postgresql:")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_reachable(cls, value: str) -> str:
        if value and (set(" ?#@\\") & set(value) or not _is_secret_to_others(value)):
            raise ValueError("must begin with https:// (on localhost http:// will do) and hold no ?, # or @")
        return value

    @field_validator("embeddings")
    @classmethod
    def _is_a_model(cls, value: str) -> str:
        if value != "off" and not (value.startswith("onnx:") and value.removeprefix("onnx:").strip()):
            raise ValueError("must be off or onnx:<folder>")
        return value

    @field_validator("writer")
    @classmethod
    def _is_a_writer(cls, value: str) -> str:
        address, _, model = value.removeprefix("openai:").partition("#")
        is_model = value.startswith("openai:") and model.strip() and _is_secret_to_others(address)
        # A key has its own setting, which is never shown.
        if value != "off" and not (is_model and "@" not in address and "?" not in address):
            raise ValueError("must be off or openai:https://<address>#<model>, with its key apart")
        return value

    @field_validator("writer_key")
    @classmethod
    def _is_a_key(cls, value: str) -> str:
        if not (value.isascii() and value.strip().isprintable()):
            raise ValueError("must be plain letters and digits")
        return value.strip()

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'pilotlight.sqlite'}"

    @property
    def keys(self) -> tuple[str, ...]:
        """The encryption keys, the newest first."""
        return _listed(self.encryption_keys)

    @property
    def community_names(self) -> Mapping[str, str]:
        """The community of a workspace or a tenant, by its id in small letters, where one was named."""
        pairs = (each.partition("=") for each in _listed(self.communities))
        return {each.lower(): name for each, _, name in pairs}

    @property
    def tenants(self) -> tuple[str, ...]:
        """Those that the bot answers in Teams, its own one first."""
        return tuple(filter(None, (self.teams_tenant_id, *_listed(self.teams_allowed_tenants))))

    @property
    def has_slack(self) -> bool:
        """Whether any setting was given that only Slack needs."""
        names = ("signing_secret", "bot_token", "app_token", "client_id", "client_secret")
        return any(getattr(self, f"slack_{name}") for name in names)

    @property
    def has_teams(self) -> bool:
        """Whether any setting was given that only Teams needs."""
        names = ("app_id", "app_password", "tenant_id", "allowed_tenants", "insecure_dev")
        return any(getattr(self, f"teams_{name}") for name in names)

    def require_platform(self) -> None:
        """InvalidSettingsError where there is none to serve, or one cannot be served with these."""
        if not (self.has_slack or self.has_teams):
            raise InvalidSettingsError(
                "There is no platform to serve yet. docs/how-to/slack.md and docs/how-to/teams.md say how to connect "
                "one; pilotlight chat needs none."
            )
        if self.has_slack:
            self.require_slack()
        if self.has_teams:
            self.require_teams()

    def require_teams(self) -> None:
        """InvalidSettingsError where Teams cannot be served with these, naming what is missing.

        Without an app id anybody could speak in Microsoft's name: that takes a setting that says so.
        """
        names = ("teams_app_id", "teams_app_password", "teams_tenant_id")
        missing = [name for name in names if not getattr(self, name)]
        is_playground = self.teams_insecure_dev and not self.teams_app_id
        if missing and not is_playground:
            raise InvalidSettingsError(
                "Teams needs more settings; docs/how-to/teams.md says where to find them. To try it without an account "
                f"at Microsoft, on this machine alone: {variable('teams_insecure_dev')}=1\n{_told(missing)}"
            )

    def require_slack(self) -> None:
        """InvalidSettingsError where Slack cannot be served with these, naming what is missing."""
        missing = []
        if not self.slack_app_token and not self.slack_signing_secret:
            missing.append("slack_signing_secret")
        if not self.slack_bot_token:
            if not (self.slack_client_id or self.slack_client_secret or self.encryption_keys):
                missing.append("slack_bot_token")
            else:
                names = ("slack_client_id", "slack_client_secret", "encryption_keys")
                missing += [name for name in names if not getattr(self, name)]
        if missing:
            raise InvalidSettingsError(
                f"Slack needs more settings; docs/how-to/slack.md says where to find them.\n{_told(missing)}"
            )

    @property
    def model_folder(self) -> Path | None:
        """The folder of the embedding model; None where search goes by words alone."""
        return None if self.embeddings == "off" else Path(self.embeddings.removeprefix("onnx:"))

    @property
    def writing_model(self) -> tuple[str, str] | None:
        """The address of the server and the name of the model that writes answers; None where none does."""
        if self.writer == "off":
            return None
        address, _, model = self.writer.removeprefix("openai:").partition("#")
        return address, model.strip()


def read_settings() -> Settings:
    """The settings of this process. Raises InvalidSettingsError."""
    try:
        _refuse_misspelt()
        return Settings()
    except ValidationError as error:
        raise InvalidSettingsError("\n".join(_explain(each["loc"], each["msg"]) for each in error.errors())) from None
    except UnicodeDecodeError:
        raise InvalidSettingsError("The file .env is not UTF-8 text; save it as UTF-8 and try again.") from None


def _is_secret_to_others(address: str) -> bool:
    """Whether nobody on the way reads what is sent there."""
    try:
        parts = urlsplit(address)
        is_local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
        return bool(parts.hostname) and parts.port != 0 and (parts.scheme == "https" or is_local)
    except ValueError:
        return False  # no port, or no address


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _told(missing: Sequence[str]) -> str:
    fields = Settings.model_fields
    return "\n".join(f"{variable(name)}: {fields[name].description}." for name in missing)


def variable(field: str) -> str:
    return f"{PREFIX}{field.upper()}"


def _explain(location: tuple[int | str, ...], message: str) -> str:
    name = str(location[0]) if location else ""
    field = Settings.model_fields[name]
    reason = message.removeprefix("Value error, ")
    told = f"{variable(name)}: {reason}. It is {field.description}."
    if reason == _OF_THE_PAGE:
        return told  # the example is what was taken from it
    example = (field.examples or [""])[0]
    return f"{told} Example: {variable(name)}={example}"


def _refuse_misspelt() -> None:
    known = {variable(name) for name in Settings.model_fields}
    for name in sorted(os.environ.keys() | dotenv_values(".env").keys()):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, 1, cutoff=0.85)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(sorted(known))}."
            # What follows a mistyped "=" may be a secret.
            shown = re.match(r"\w*", name)
            raise InvalidSettingsError(f"{shown[0] if shown else PREFIX} is not a setting. {hint}")

"""Settings: read once from the environment and `.env` into one frozen object."""

import difflib
import os
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from knowledge.errors import PilotlightError

PREFIX = "PILOTLIGHT_"


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
    community: str = Field(
        default="local",
        min_length=1,
        max_length=100,
        description="the community that the terminal speaks for",
        examples=["city-innovators"],
    )

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

    @field_validator("embeddings")
    @classmethod
    def _is_a_model(cls, value: str) -> str:
        if value != "off" and not (value.startswith("onnx:") and value.removeprefix("onnx:").strip()):
            raise ValueError("must be off or onnx:<folder>")
        return value

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'pilotlight.sqlite'}"

    @property
    def model_folder(self) -> Path | None:
        """The folder of the embedding model; None where search goes by words alone."""
        return None if self.embeddings == "off" else Path(self.embeddings.removeprefix("onnx:"))


def read_settings() -> Settings:
    """The settings of this process. Raises InvalidSettingsError."""
    try:
        _refuse_misspelt()
        return Settings()
    except ValidationError as error:
        raise InvalidSettingsError("\n".join(_explain(each["loc"], each["msg"]) for each in error.errors())) from None
    except UnicodeDecodeError:
        raise InvalidSettingsError("The file .env is not UTF-8 text; save it as UTF-8 and try again.") from None


def variable(field: str) -> str:
    return f"{PREFIX}{field.upper()}"


def _explain(location: tuple[int | str, ...], message: str) -> str:
    name = str(location[0]) if location else ""
    field = Settings.model_fields[name]
    reason = message.removeprefix("Value error, ")
    example = (field.examples or [""])[0]
    return f"{variable(name)}: {reason}. It is {field.description}. Example: {variable(name)}={example}"


def _refuse_misspelt() -> None:
    known = {variable(name) for name in Settings.model_fields}
    for name in sorted(os.environ.keys() | dotenv_values(".env").keys()):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, 1, cutoff=0.85)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(sorted(known))}."
            raise InvalidSettingsError(f"{name} is not a setting. {hint}")

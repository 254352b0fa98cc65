"""Who speaks with the bot."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """`id` is the platform's, unique within a community; `name` is for greeting only, never for deciding."""

    id: str
    name: str = ""

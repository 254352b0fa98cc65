"""What says who may see a pilot: where it cannot be read the row stays out, or a slip of the pen would publish it."""

import difflib
import re

from knowledge.errors import InvalidRecordError

VISIBILITY = "visibility"
_FIELDS = ("visibility", "audience", "community", "people", "embargo_until", "embargo", "confidential", "restricted")
# These tell within a longer name too ("Embargo date"); "people reached" and "community size" are about other things.
_WORDS = ("visibility", "embargo", "confidential", "confidentiality")
_NEAR = 0.8


def speaks_of_visibility(path: str) -> bool:
    """Whether a field that no pilot has was probably meant to say who may see this one."""
    return any(map(_is_of_visibility, path.casefold().split(".")))


def _is_of_visibility(name: str) -> bool:
    words = re.findall(r"[^\W\d_]+", name[:200])  # nobody names a field at greater length
    whole = "_".join(words)
    return bool(difflib.get_close_matches(whole, _FIELDS, 1, _NEAR)) or any(
        difflib.get_close_matches(word, _WORDS, 1, _NEAR) for word in words
    )


def require_read(path: str, reason: str) -> None:
    """InvalidRecordError for trouble with a field that says who may see the pilot."""
    if path.partition(".")[0] == VISIBILITY:
        raise InvalidRecordError(f"{reason}; it says who may see the pilot, so the row is left out", field=path)

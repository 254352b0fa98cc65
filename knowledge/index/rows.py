"""The numbers of every pilot in memory, a row each: what filters are made of."""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.dates import Period
from knowledge.index.schema import hash_of, letters, stage_number, word_of
from knowledge.pilots import Stage
from knowledge.visibility import Viewer, Visibility

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Seen:
    """What one viewer may see of the base: as much of it as their scores may depend on.

    `open_groups` and `hidden_groups` are hashes of visibilities; `is_mostly_open` where more pilots are open than not.
    """

    count: int
    languages: tuple[str, ...]
    open_groups: tuple[int, ...] = ()
    hidden_groups: tuple[int, ...] = ()
    is_mostly_open: bool = True


_KINDS: dict[str, type[np.generic]] = {
    "change": np.int64, "alive": np.bool_, "group": np.int32, "country": np.uint64, "stage": np.uint8,
    "organisation": np.uint64, "first": np.int32, "last": np.int32, "language": np.uint64, "text_hash": np.uint64,
    "lesson": np.uint64, "learned": np.uint8,
}  # fmt: skip


class Rows:
    """Columns that grow. A row keeps its place for as long as the index lives; a removed pilot is not alive."""

    def __init__(self) -> None:
        self.count = 0
        self.generation = 0  # counted up with every change here
        self.lessons = 0  # rows that teach the vocabulary something: those of public pilots
        self.lessons_lost = 0  # how often one of them ceased to teach what it did
        self._columns: dict[str, npt.NDArray[Any]] = {name: np.zeros(0, kind) for name, kind in _KINDS.items()}
        self._group_hashes: dict[int, int] = {}
        self._groups: list[Visibility] = []
        # What a viewer may see changes with the day and the groups alone.
        self._open_groups = functools.lru_cache(maxsize=256)(self._find_open_groups)
        self._seen = functools.lru_cache(maxsize=64)(self._find_seen)

    def __getitem__(self, column: str) -> npt.NDArray[Any]:
        """One number of every row, up to `count`."""
        return self._columns[column][: self.count]

    @property
    def alive(self) -> Mask:
        return self._columns["alive"][: self.count]

    @property
    def text_hashes(self) -> npt.NDArray[np.uint64]:
        return self._columns["text_hash"][: self.count]

    @property
    def position(self) -> int:
        """The newest change that arrived here."""
        return int(self["change"].max()) if self.count else 0

    def put(
        self, rows: npt.NDArray[np.int64], numbers: Mapping[str, Sequence[int]], visibility: Callable[[int], Visibility]
    ) -> None:
        """Write these rows; `visibility` gives what a group's hash stands for, and is asked once for each."""
        if not len(rows):
            return
        self._grow(int(rows.max()) + 1)
        self._count_lessons(self._columns["lesson"][rows], np.array(numbers["lesson"], np.uint64))
        for name, kind in _KINDS.items():
            if name != "group":
                self._columns[name][rows] = np.array(numbers[name], kind)
        alive = self._columns["alive"][rows]
        groups = [
            self._group(each, visibility) if is_alive else -1
            for each, is_alive in zip(numbers["group"], alive, strict=True)
        ]
        self._columns["group"][rows] = groups
        self.generation += 1
        self._seen.cache_clear()

    def _count_lessons(self, before: npt.NDArray[np.uint64], after: npt.NDArray[np.uint64]) -> None:
        self.lessons += int(np.count_nonzero(after)) - int(np.count_nonzero(before))
        self.lessons_lost += int(np.count_nonzero((before != 0) & (before != after)))

    def _group(self, hashed: int, visibility: Callable[[int], Visibility]) -> int:
        if hashed not in self._group_hashes:
            self._groups.append(visibility(hashed))
            self._group_hashes[hashed] = len(self._groups) - 1
            self._open_groups.cache_clear()
        return self._group_hashes[hashed]

    def _grow(self, count: int) -> None:
        for name, column in self._columns.items():
            if count > len(column):
                larger = np.zeros(max(count, len(column) * 2, 1024), column.dtype)
                larger[: len(column)] = column
                self._columns[name] = larger
        self.count = max(self.count, count)

    def open_to(self, viewer: Viewer, today: date) -> Mask:
        """The pilots that `viewer` may see on `today`."""
        is_open = self._open_groups(viewer, today)
        return self._in_groups(is_open)

    def _in_groups(self, chosen: Mask) -> Mask:
        # The last place of the table stands for group -1: removed.
        mask: Mask = np.append(chosen, False)[self["group"]]
        return mask

    def seen_by(self, viewer: Viewer, today: date) -> Seen:
        """What of all this `viewer` may see on `today`; the same one for all who may see the same groups."""
        return self._seen(self._open_groups(viewer, today).tobytes())

    def _find_seen(self, open_groups: bytes) -> Seen:
        is_open = np.frombuffer(open_groups, np.bool_)
        visible = self._in_groups(is_open)
        numbers, counts = np.unique(self["language"][visible], return_counts=True)
        count = int(np.count_nonzero(visible))
        return Seen(
            count,
            tuple(word_of(int(numbers[place])) for place in np.argsort(-counts, kind="stable")),
            tuple(hashed for hashed, group in self._group_hashes.items() if is_open[group]),
            tuple(hashed for hashed, group in self._group_hashes.items() if not is_open[group]),
            count * 2 > int(np.count_nonzero(self.alive)),
        )

    def _find_open_groups(self, viewer: Viewer, today: date) -> Mask:
        return np.array([each.is_open_to(viewer, today) for each in self._groups], np.bool_)

    def says(self, column: str, visible: Mask) -> bool:
        """Whether any of these pilots has this number: a country, a first day."""
        return bool(self[column].max(where=visible, initial=0) > 0)

    def of_organisations(self, names: Iterable[str]) -> Mask:
        """The pilots of organisations that are called so in full."""
        mask: Mask = np.isin(self["organisation"], np.array([hash_of(each) for each in names], np.uint64))
        return mask

    def matching(self, countries: Iterable[str], stages: Iterable[Stage], period: Period | None) -> Mask:
        """The pilots that a question's filters let through: any of each kind, all kinds together."""
        mask = np.ones(self.count, np.bool_)
        for column, wanted in (
            ("country", [letters(each) for each in countries]),
            ("stage", [stage_number(each) for each in stages]),
        ):
            if wanted:
                mask &= np.isin(self[column], np.array(wanted, _KINDS[column]))
        if period is not None:
            first, last = days_of(period)
            mask &= (self["first"] <= last) & (self["last"] >= first) & (self["first"] >= 0)
        return mask


def days_of(period: Period) -> tuple[int, int]:
    """Its first and last day as ordinals."""
    return (
        period.first.toordinal() if period.first else 0,
        period.last.toordinal() if period.last else date.max.toordinal(),
    )

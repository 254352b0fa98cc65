"""Vectors: on disk by the text they stand for, and in memory a row each, eight bits a number."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import simsimd

from knowledge.errors import UnavailableError
from knowledge.ports import Vectors

_FEW = 0.05  # share of pilots below which selecting rows first is quicker than computing all; shared evidence
_LARGEST = 127


class VectorLog:
    """Records in one file, only ever added at its end: the hash of a text, and the text's vector.

    Several processes may read it; one at a time may add. Each record has a checksum, and a reader stops before the
    first that is broken or half written: what follows is embedded again.
    """

    def __init__(self, path: Path, dimensions: int) -> None:
        self._path = path
        self._record = np.dtype(
            [("text_hash", "<u8"), ("check", "<u4"), ("scale", "<f4"), ("vector", "i1", (dimensions,))]
        )
        self._read = 0  # records
        self._places: dict[int, int] = {}
        self._records: npt.NDArray[np.void] = np.zeros(0, self._record)

    def __contains__(self, text_hash: int) -> bool:
        return text_hash in self._places

    @property
    def is_read(self) -> bool:
        """Whether nothing was added since."""
        try:
            return self._path.stat().st_size == self._read * self._record.itemsize
        except OSError:
            return self._read == 0

    def refresh(self) -> npt.NDArray[np.uint64]:
        """Read what was added since; the texts that it was added for. UnavailableError where the disk fails."""
        with self._touching():
            return self._refresh()

    def _refresh(self) -> npt.NDArray[np.uint64]:
        if not self._path.exists():
            return np.zeros(0, np.uint64)
        size = self._record.itemsize
        added = np.fromfile(self._path, self._record, offset=self._read * size)
        sound = _sound(added)
        if not sound:
            return np.zeros(0, np.uint64)
        for place, text_hash in enumerate(added["text_hash"][:sound].tolist(), self._read):
            self._places[text_hash] = place
        self._read += sound
        self._records = np.memmap(self._path, self._record, "r", shape=(self._read,))
        return added["text_hash"][:sound]

    def add(self, text_hashes: Sequence[int], vectors: Vectors) -> None:
        """Keep these vectors, past the last sound record that was read; the next refresh reads them.

        UnavailableError where the disk fails. What was half written is written over by the next.
        """
        records = np.zeros(len(text_hashes), self._record)
        records["text_hash"] = text_hashes
        records["vector"], records["scale"] = quantise(vectors)
        records["check"] = [_check(record) for record in records]
        with self._touching(), self._path.open("r+b" if self._path.exists() else "w+b") as file:
            file.seek(self._read * self._record.itemsize)
            file.truncate()
            file.write(records.tobytes())

    @contextmanager
    def _touching(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UnavailableError(
                f"The vectors in {self._path} cannot be kept ({error.strerror}): make room on that disk, and see that "
                "the folder may be written."
            ) from error

    def get(self, text_hashes: Iterable[int]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
        """Vectors and scales of texts that are all here."""
        found = self._records[[self._places[each] for each in text_hashes]]
        return found["vector"], found["scale"]


class VectorTable:
    """The vectors of rows in memory; a row may have none yet."""

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        self._vectors = np.zeros((0, dimensions), np.int8)
        self._scales = np.zeros(0, np.float32)
        self._hashes = np.zeros(0, np.uint64)

    def fill(self, text_hashes: npt.NDArray[np.uint64], alive: npt.NDArray[np.bool_], log: VectorLog) -> None:
        """Give each living row whose text is new to it the vector of that text, where the log has it."""
        self._grow(len(text_hashes))
        stale = np.flatnonzero(self._hashes[: len(text_hashes)] != text_hashes)
        self._scales[stale] = 0.0
        self._hashes[stale] = text_hashes[stale]
        self._give(np.flatnonzero(alive & (self._scales[: len(alive)] == 0)), log)

    def fill_with(self, added: npt.NDArray[np.uint64], log: VectorLog) -> None:
        """Give the rows of these texts, which the log has just got, their vectors."""
        self._give(np.flatnonzero(np.isin(self._hashes, added)), log)

    def _give(self, rows: npt.NDArray[np.int64], log: VectorLog) -> None:
        known = rows[[each in log for each in self._hashes[rows].tolist()]] if len(rows) else rows
        self._vectors[known], self._scales[known] = log.get(self._hashes[known].tolist())

    def missing(self, text_hashes: npt.NDArray[np.uint64], alive: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """The living rows without a vector, one for each text."""
        rows = np.flatnonzero(alive & (self._scales[: len(alive)] == 0))
        _, firsts = np.unique(text_hashes[rows], return_index=True)
        return rows[np.sort(firsts)]

    def nearness(self, vector: Vectors, mask: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.float32]:
        """The cosine to `vector` (length 1) of every row; NaN where there is no vector or the mask is False."""
        count = len(self._scales) if mask is None else len(mask)
        scales = self._scales[:count]
        (wanted,), (scale,) = quantise(vector[None, :])
        if mask is not None and np.count_nonzero(mask) < _FEW * count:
            near = np.full(count, np.nan, np.float32)
            rows = np.flatnonzero(mask)
            if len(rows):
                near[rows] = _dots(wanted, self._vectors[rows]) * (scales[rows] * scale)
        elif count:
            near = _dots(wanted, self._vectors[:count]) * (scales * scale)
            if mask is not None:
                near[~mask] = np.nan
        else:
            return np.zeros(0, np.float32)
        near[scales == 0] = np.nan
        return near

    def _grow(self, count: int) -> None:
        if count <= len(self._scales):
            return
        more = count - len(self._scales)
        self._vectors = np.concatenate([self._vectors, np.zeros((more, self._dimensions), np.int8)])
        self._scales = np.concatenate([self._scales, np.zeros(more, np.float32)])
        self._hashes = np.concatenate([self._hashes, np.zeros(more, np.uint64)])


def _dots(wanted: npt.NDArray[np.int8], vectors: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    dots: npt.NDArray[np.float32] = np.asarray(simsimd.cdist(wanted[None, :], vectors, "dot"))[0].astype(np.float32)
    return dots


def quantise(vectors: Vectors) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Eight bits a number, and for each vector what one step of them is worth."""
    scales = np.maximum(np.abs(vectors).max(axis=1), np.float32(1e-9)) / np.float32(_LARGEST)
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def _sound(records: npt.NDArray[np.void]) -> int:
    """How many records from the first are whole."""
    return next((place for place, record in enumerate(records) if _check(record) != record["check"]), len(records))


def _check(record: np.void) -> int:
    return zlib.crc32(record["vector"].tobytes() + record["scale"].tobytes() + record["text_hash"].tobytes())

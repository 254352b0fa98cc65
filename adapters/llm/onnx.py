"""A sentence-embedding model as people download it (`model.onnx`, `tokenizer.json`), run by onnxruntime.

The extra `onnx` brings onnxruntime and tokenizers; they are imported here only, when a model is opened.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.errors import PilotlightError, UnavailableError
from knowledge.ports import Vectors

# The first that is there is taken: eight bits a weight find the same pilots, four times smaller and quicker.
MODEL_FILES = ("model_int8.onnx", "model_quantized.onnx", "model.onnx")
TOKENIZER_FILE = "tokenizer.json"
_PLACES = ("", "onnx")  # folders within the folder; hubs keep converted models in the second

_TOKENS = 256  # what MiniLM models were trained to read; the rest of a text is left out
_BATCH = 4  # texts of like length run together; measured: 4 to 8 are quickest on a processor, 16 and 32 ever slower
_WHAT_TO_DO = "Get one with pilotlight model fetch, or set PILOTLIGHT_EMBEDDINGS=off to search by words alone."


class OnnxEmbedder:
    """An Embedder over a folder. Tokens' vectors are averaged and brought to length 1.

    Raises PilotlightError where the folder holds no model that can be read, or the extra is not installed.
    """

    def __init__(self, folder: Path) -> None:
        self._model_file = _model_file(folder)
        self._tokenizer, self._session = _open(folder / TOKENIZER_FILE, self._model_file)
        self._inputs = {each.name for each in self._session.get_inputs()}
        self._output = self._session.get_outputs()[0].name
        self._name = f"{folder.resolve().name}/{_fingerprint(self._model_file)}"
        self._dimensions = int(self._embed(["length"]).shape[1])

    @property
    def name(self) -> str:
        """The folder's name, and what tells this file from another model of the same name."""
        return self._name

    @property
    def dimensions(self) -> int:
        return self._dimensions

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimensions), each row of length 1, in the order given."""
        try:
            return await asyncio.to_thread(self._embed, texts)
        except Exception as error:  # onnxruntime's exceptions have no common base of their own
            raise UnavailableError(f"The embedding model {self._model_file} failed: {error}") from error

    def _embed(self, texts: Sequence[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(list(texts))
        # Texts of like length together: padding is what costs.
        order = sorted(range(len(texts)), key=lambda place: len(encoded[place].ids))
        batches = [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]
        made = [self._run([encoded[place].ids for place in batch]) for batch in batches]
        if not made:
            return np.zeros((0, self._dimensions), np.float32)
        vectors: Vectors = np.zeros((len(texts), made[0].shape[1]), np.float32)
        for batch, rows in zip(batches, made, strict=True):
            vectors[batch] = rows
        return vectors

    def _run(self, token_ids: Sequence[Sequence[int]]) -> Vectors:
        longest = max(map(len, token_ids))
        ids = np.zeros((len(token_ids), max(longest, 1)), np.int64)
        mask = np.zeros_like(ids)
        for row, each in enumerate(token_ids):
            ids[row, : len(each)] = each
            mask[row, : len(each)] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        # No lock: sessions may run in several threads, and behind one a question waits for the pilots being embedded.
        (tokens,) = self._session.run([self._output], {name: given[name] for name in self._inputs})
        return _pool(tokens, mask)


def _pool(tokens: npt.NDArray[np.float32], mask: npt.NDArray[np.int64]) -> Vectors:
    """The mean of a text's token vectors (texts, tokens, dimensions), of length 1."""
    weights = mask[:, :, None].astype(np.float32)
    means = (tokens * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1)
    vectors: Vectors = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), np.float32(1e-12))
    return vectors


def _model_file(folder: Path) -> Path:
    there = [path for place in _PLACES for name in MODEL_FILES if (path := folder / place / name).is_file()]
    if not there:
        needed = f"{MODEL_FILES[-1]} and {TOKENIZER_FILE}"
        raise PilotlightError(f"There is no model in {folder}: it needs {needed}. {_WHAT_TO_DO}")
    if not (folder / TOKENIZER_FILE).is_file():
        raise PilotlightError(f"The model folder {folder} lacks {TOKENIZER_FILE}. {_WHAT_TO_DO}")
    return there[0]


def _open(tokenizer_file: Path, model_file: Path) -> tuple[Any, Any]:
    try:
        import onnxruntime  # noqa: PLC0415 - an extra: a base without a model does without it
        import tokenizers  # noqa: PLC0415 - as onnxruntime
    except ImportError:
        raise PilotlightError(
            "Searching by meaning needs the extra packages onnxruntime and tokenizers: install pilotlight[onnx], "
            "or set PILOTLIGHT_EMBEDDINGS=off to search by words alone."
        ) from None
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer_file))
        tokenizer.enable_truncation(_TOKENS)
        tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # Measured on a busy machine: threads that spin while they wait halve the speed of all.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = onnxruntime.InferenceSession(str(model_file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # neither library says what its readers raise
        raise PilotlightError(f"The model in {model_file.parent} cannot be read ({error}). {_WHAT_TO_DO}") from error
    return tokenizer, session


def _fingerprint(path: Path) -> str:
    """Of its size, its beginning and its end: enough to tell models apart without reading 100 MB at each start."""
    size = path.stat().st_size
    with path.open("rb") as file:
        beginning = file.read(1 << 16)
        file.seek(max(0, size - (1 << 16)))
        end = file.read()
    return hashlib.blake2b(str(size).encode() + beginning + end, digest_size=8).hexdigest()

"""The embedder, over tiny models made here: their tokens' vectors are known, so their means can be checked by hand."""

import sys
from pathlib import Path

import numpy as np
import pytest

from adapters.llm.onnx import OnnxEmbedder
from knowledge.errors import PilotlightError, UnavailableError

tokenizers = pytest.importorskip("tokenizers", reason="the extra onnx is not installed")
pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")

WORDS = ["[PAD]", "[UNK]", "wolf", "bear", "lynx"]
_FLOAT, _INT64 = 1, 7  # as ONNX numbers them
VECTORS = np.array([[9, 9, 9], [0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 1, 0]], np.float32)


def tokenizer_file(folder: Path) -> None:
    vocabulary = {word: number for number, word in enumerate(WORDS)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))


def model_file(path: Path, vectors: np.ndarray = VECTORS) -> None:
    """An ONNX model that looks each token up in a table, written in protocol buffers by hand: no library needed."""
    gather = field(1, _node("Gather", ["table", "input_ids"], ["last_hidden_state"]))
    sizes = b"".join(number(1, size) for size in vectors.shape)
    table = field(5, sizes + number(2, _FLOAT) + field(8, b"table") + field(9, vectors.tobytes()))
    inputs = b"".join(field(11, _value(name, _INT64, ["batch", "tokens"])) for name in ("input_ids", "attention_mask"))
    output = field(12, _value("last_hidden_state", _FLOAT, ["batch", "tokens", vectors.shape[1]]))
    graph = gather + field(2, b"tiny") + table + inputs + output
    path.write_bytes(number(1, 8) + field(7, graph) + field(8, field(1, b"") + number(2, 17)))


def field(which: int, content: bytes) -> bytes:
    """A length-delimited field of protocol buffers."""
    return _varint(which << 3 | 2) + _varint(len(content)) + content


def number(which: int, value: int) -> bytes:
    return _varint(which << 3) + _varint(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _node(kind: str, inputs: list[str], outputs: list[str]) -> bytes:
    return (
        b"".join(field(1, each.encode()) for each in inputs)
        + b"".join(field(2, each.encode()) for each in outputs)
        + field(4, kind.encode())
    )


def _value(name: str, kind: int, shape: list[str | int]) -> bytes:
    sizes = b"".join(field(1, field(2, each.encode()) if isinstance(each, str) else number(1, each)) for each in shape)
    return field(1, name.encode()) + field(2, field(1, number(1, kind) + field(2, sizes)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tokenizer_file(tmp_path)
    model_file(tmp_path / "model.onnx")
    return tmp_path


async def test_a_text_is_the_mean_of_its_tokens_brought_to_length_one(folder: Path) -> None:
    vectors = await OnnxEmbedder(folder).embed(["wolf bear", "wolf", "wolf wolf bear lynx"])
    expected = np.array([[1, 1, 0], [1, 0, 0], [3, 2, 0]], np.float32)
    np.testing.assert_allclose(vectors, expected / np.linalg.norm(expected, axis=1, keepdims=True), rtol=1e-6)


async def test_padding_changes_nothing_and_order_is_kept(folder: Path) -> None:
    embedder = OnnxEmbedder(folder)
    texts = [" ".join(["wolf"] * (number % 7) + ["bear"]) for number in range(50)]
    together = await embedder.embed(texts)
    alone = np.concatenate([await embedder.embed([text]) for text in texts])
    np.testing.assert_allclose(together, alone, rtol=1e-6)
    assert together.dtype == np.float32


async def test_a_long_text_is_cut_and_an_empty_one_is_no_trouble(folder: Path) -> None:
    vectors = await OnnxEmbedder(folder).embed(["wolf " * 256 + "bear " * 5000, ""])
    np.testing.assert_allclose(vectors[0], [1, 0, 0])
    np.testing.assert_allclose(vectors[1], [0, 0, 0])
    assert (await OnnxEmbedder(folder).embed([])).shape == (0, 3)


def test_a_model_is_known_by_its_content(folder: Path, tmp_path: Path) -> None:
    embedder = OnnxEmbedder(folder)
    assert embedder.dimensions == 3
    before = embedder.name
    model_file(folder / "model.onnx", VECTORS * 2)
    assert OnnxEmbedder(folder).name != before


def test_the_small_model_is_taken_where_there_is_one(folder: Path) -> None:
    model_file(folder / "model_int8.onnx", np.hstack([VECTORS, VECTORS]))
    assert OnnxEmbedder(folder).dimensions == 6


def test_a_model_is_found_where_hubs_put_it(folder: Path) -> None:
    (folder / "onnx").mkdir()
    (folder / "model.onnx").rename(folder / "onnx" / "model.onnx")
    assert OnnxEmbedder(folder).dimensions == 3


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PilotlightError, match=r"There is no model in .*pilotlight model fetch"):
        OnnxEmbedder(tmp_path)


def test_a_model_without_its_tokenizer_is_refused(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    with pytest.raises(PilotlightError, match=r"lacks tokenizer\.json"):
        OnnxEmbedder(folder)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_broken_model_is_refused_in_a_sentence(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"not a model")
    with pytest.raises(PilotlightError, match="cannot be read"):
        OnnxEmbedder(folder)


def test_without_the_extra_it_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(PilotlightError, match=r"install pilotlight\[onnx\]"):
        OnnxEmbedder(folder)


async def test_a_model_that_fails_is_away(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = OnnxEmbedder(folder)
    monkeypatch.setattr(embedder, "_run", lambda _ids: 1 / 0)
    with pytest.raises(UnavailableError, match="failed"):
        await embedder.embed(["wolf"])

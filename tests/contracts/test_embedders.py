"""What every Embedder does: the fake that tests use, and a model run by onnxruntime."""

from pathlib import Path

import numpy as np
import pytest

from knowledge.ports import Embedder
from tests.fakes import WordEmbedder

TEXTS = ["wolf bear", "bear", "wolf wolf lynx", "lynx", "bear " * 400, "zebra"]


@pytest.fixture(params=["fake", "onnx"])
def embedder(request: pytest.FixtureRequest, tmp_path: Path) -> Embedder:
    if request.param == "fake":
        return WordEmbedder()
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    from adapters.llm.onnx import OnnxEmbedder  # noqa: PLC0415  # as the next
    from tests.adapters.test_onnx import model_file, tokenizer_file  # noqa: PLC0415  # it skips without the extra

    tokenizer_file(tmp_path)
    model_file(tmp_path / "model.onnx")
    return OnnxEmbedder(tmp_path)


async def test_each_text_gets_one_vector_of_length_one(embedder: Embedder) -> None:
    vectors = await embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)


async def test_vectors_come_in_the_order_of_their_texts(embedder: Embedder) -> None:
    together = await embedder.embed(TEXTS)
    backwards = await embedder.embed(TEXTS[::-1])
    alone = np.concatenate([await embedder.embed([text]) for text in TEXTS])
    np.testing.assert_allclose(together, backwards[::-1], rtol=1e-5)
    np.testing.assert_allclose(together, alone, rtol=1e-5)


async def test_the_same_text_is_as_near_as_can_be_and_another_is_not(embedder: Embedder) -> None:
    wolf, bear, again = await embedder.embed(["wolf", "bear", "wolf"])
    assert wolf @ again == pytest.approx(1)
    assert wolf @ bear < 0.9


async def test_no_texts_are_no_vectors(embedder: Embedder) -> None:
    assert (await embedder.embed([])).shape == (0, embedder.dimensions)


async def test_an_empty_text_is_no_trouble(embedder: Embedder) -> None:
    vectors = await embedder.embed(["", "wolf"])
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(vectors[1], (await embedder.embed(["wolf"]))[0], rtol=1e-5)


async def test_a_model_has_a_name_that_stays(embedder: Embedder) -> None:
    before = embedder.name
    await embedder.embed(["wolf"])
    assert before
    assert embedder.name == before

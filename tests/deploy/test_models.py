import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from deploy.models import DEFAULT_MODEL, FILES, HUB, fetch_model
from knowledge.errors import PilotlightError, UnavailableError

CONTENT = {"tokenizer.json": b'{"version": "1.0"}', "onnx/model.onnx": b"weights" * 1000}
MIRROR = "https://mirror.example"


def git_hash(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Hub:
    """Answers as the hub does: small files itself, large ones by way of a mirror; both with their hash."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.content = dict(CONTENT)
        self.hashes = {
            "tokenizer.json": git_hash(CONTENT["tokenizer.json"]),
            "onnx/model.onnx": hashlib.sha256(CONTENT["onnx/model.onnx"]).hexdigest(),
        }

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url}")
        path = request.url.path
        name = next(name for name in CONTENT if path.endswith(name))
        if request.url.host == "mirror.example":
            return httpx.Response(200, content=self.content[name])
        if "/resolve/" in path and name == "tokenizer.json":
            # Small files are forwarded within the hub first.
            return httpx.Response(307, headers={"location": f"/cache/{name}", "x-repo-commit": "c0ffee"})
        headers = {"x-repo-commit": "c0ffee"}
        if name == "onnx/model.onnx":
            headers |= {"location": f"{MIRROR}/{name}", "etag": '"other"', "x-linked-etag": f'"{self.hashes[name]}"'}
            return httpx.Response(302, headers=headers)
        return httpx.Response(200, headers={**headers, "etag": f'W/"{self.hashes[name]}"'}, content=self.content[name])


async def fetched(hub: Callable[[httpx.Request], httpx.Response], folder: Path, name: str = DEFAULT_MODEL) -> Path:
    return await fetch_model(name, folder, transport=httpx.MockTransport(hub))


async def test_a_model_is_fetched_and_checked(tmp_path: Path) -> None:
    hub = Hub()
    folder = await fetched(hub.answer, tmp_path)
    assert folder == tmp_path / "models" / DEFAULT_MODEL
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        file: CONTENT[path] for file, path in FILES.items()
    }
    assert [path.name for path in (tmp_path / "models").iterdir()] == [DEFAULT_MODEL]
    # The second file is of the same commit as the first.
    assert any("/resolve/c0ffee/onnx/model.onnx" in each for each in hub.asked)


async def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    await fetched(Hub().answer, tmp_path)
    hub = Hub()
    await fetched(hub.answer, tmp_path)
    assert hub.asked == []


@pytest.mark.parametrize("name", CONTENT)
async def test_a_file_that_is_not_what_the_hub_says_is_not_kept(tmp_path: Path, name: str) -> None:
    hub = Hub()
    hub.content[name] = b"something else"
    with pytest.raises(PilotlightError, match="is not what the hub says it is"):
        await fetched(hub.answer, tmp_path)
    assert list((tmp_path / "models").iterdir()) == []


async def test_a_file_of_which_the_hub_says_no_hash_is_not_fetched(tmp_path: Path) -> None:
    with pytest.raises(PilotlightError, match="cannot be checked"):
        await fetched(lambda _request: httpx.Response(200, content=b"?"), tmp_path)


async def test_an_endless_chain_of_redirects_ends(tmp_path: Path) -> None:
    with pytest.raises(PilotlightError, match="cannot be checked"):
        await fetched(lambda request: httpx.Response(302, headers={"location": str(request.url)}), tmp_path)


async def test_without_a_network_it_says_what_to_do(tmp_path: Path) -> None:
    def no_network(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Name or service not known", request=request)

    with pytest.raises(UnavailableError) as caught:
        await fetched(no_network, tmp_path)
    told = str(caught.value)
    folder = tmp_path / "models" / DEFAULT_MODEL
    assert f"{HUB}/sentence-transformers/{DEFAULT_MODEL}/resolve/main/onnx/model.onnx  ->  {folder}/model.onnx" in told
    assert f"PILOTLIGHT_EMBEDDINGS=onnx:{folder}" in told
    assert list((tmp_path / "models").iterdir()) == []


async def test_a_hub_in_trouble_is_as_none(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="503"):
        await fetched(lambda _request: httpx.Response(503), tmp_path)


async def test_a_download_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    hub = Hub()

    def breaking(request: httpx.Request) -> httpx.Response:
        if request.url.host == "mirror.example":
            raise httpx.ReadError("connection lost", request=request)
        return hub.answer(request)

    with pytest.raises(UnavailableError, match="connection lost"):
        await fetched(breaking, tmp_path)
    assert list((tmp_path / "models").iterdir()) == []


async def test_an_unknown_model_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(PilotlightError, match="There are: all-MiniLM-L6-v2"):
        await fetched(Hub().answer, tmp_path, "bert-huge")


async def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(PilotlightError, match="cannot be written"):
        await fetched(Hub().answer, tmp_path)


async def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    await fetch_model(
        DEFAULT_MODEL,
        tmp_path,
        progress=lambda done, of: told.append((done, of)),
        transport=httpx.MockTransport(Hub().answer),
    )
    assert told[-1] == (7000, 7000)

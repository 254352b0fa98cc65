"""Fetching an embedding model from its hub: checked, all of it or nothing, with a way out where there is no network.

What a file must be is what the hub itself publishes for it: the SHA-256 of a large file, git's own hash of a small one,
in the headers of the answer that leads to it. That finds a broken or an altered download, also one from a mirror that
the hub forwards to. It does not protect from the hub itself, nor from whoever can speak for it: for that, compare the
hashes that are printed with those you trust.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import httpx

from knowledge.errors import PilotlightError, UnavailableError

HUB = "https://huggingface.co"
DEFAULT_MODEL = "all-MiniLM-L6-v2"
# Name -> the hub's path of it. Both are Apache-2.0, 384 dimensions, and read 128 to 256 tokens.
MODELS = {
    DEFAULT_MODEL: "sentence-transformers/all-MiniLM-L6-v2",  # English
    "paraphrase-multilingual-MiniLM-L12-v2": "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
}
# Our file -> the hub's.
FILES = {"tokenizer.json": "tokenizer.json", "model.onnx": "onnx/model.onnx"}

_REDIRECTS = 5
_TIMEOUT = httpx.Timeout(30.0)  # seconds without an answer, or between two pieces of one
_SHA256_LENGTH, _GIT_LENGTH = 64, 40  # hexadecimal digits

Progress = Callable[[int, int], None]
"""Told how many bytes of a file are here, of how many (0 where the hub does not say)."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a file's content is, what it must be, and of which commit."""

    url: str
    expected: str
    commit: str


async def fetch_model(
    name: str,
    data_dir: Path,
    *,
    progress: Progress | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Path:
    """The folder that holds the model, fetched unless it is there already.

    Raises PilotlightError where the name is unknown or a file is not what the hub says, UnavailableError where the
    hub cannot be reached; nothing is kept then.
    """
    if name not in MODELS:
        raise PilotlightError(f"{name!r:.80} is not a model known here. There are: {', '.join(MODELS)}.")
    folder = data_dir / "models" / name
    if all((folder / file).is_file() for file in FILES):
        return folder
    draft = _draft_folder(folder)
    try:
        async with httpx.AsyncClient(transport=transport, timeout=_TIMEOUT) as client:
            await _fetch_files(client, MODELS[name], draft, progress)
        shutil.rmtree(folder, ignore_errors=True)
        draft.chmod(0o755)  # made for us alone; a server may run as someone else
        draft.replace(folder)
    except OSError as error:
        raise PilotlightError(f"The model cannot be kept in {folder} ({error.strerror}); nothing was kept.") from None
    except httpx.HTTPError as error:
        raise UnavailableError(without_network(name, folder, error)) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def without_network(name: str, folder: Path, trouble: Exception) -> str:
    """What to do where the hub cannot be reached."""
    links = "\n".join(f"  {_address(MODELS[name], 'main', path)}  ->  {folder / file}" for file, path in FILES.items())
    return (
        f"The model hub {HUB} cannot be reached from here ({trouble or type(trouble).__name__}). "
        f"On a machine that reaches it, download these, and copy them here:\n{links}\n"
        f"Then set PILOTLIGHT_EMBEDDINGS=onnx:{folder}"
    )


def _draft_folder(folder: Path) -> Path:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise PilotlightError(f"The folder {folder.parent} cannot be written ({error.strerror}).") from None


async def _fetch_files(client: httpx.AsyncClient, repository: str, folder: Path, progress: Progress | None) -> None:
    """All of one commit, even where the hub gets a newer one meanwhile."""
    commit = "main"
    for file, path in FILES.items():
        source = await _locate(client, _address(repository, commit, path))
        commit = source.commit or commit
        digest = await _download(client, source, folder / file, progress)
        if digest != source.expected:
            raise PilotlightError(
                f"{path} of {repository} is not what the hub says it is ({digest} instead of {source.expected}); "
                "nothing was kept. Try again; if it stays so, something between here and the hub alters it."
            )


def _address(repository: str, commit: str, path: str) -> str:
    return f"{HUB}/{repository}/resolve/{commit}/{path}"


async def _locate(client: httpx.AsyncClient, url: str) -> _Source:
    """Follow the hub's own answers until one tells the hash of the file."""
    commit = ""
    for _ in range(_REDIRECTS):
        answer = await client.head(url)
        commit = commit or answer.headers.get("x-repo-commit", "")
        target = urljoin(url, answer.headers.get("location", url))
        expected = answer.headers.get("x-linked-etag") or answer.headers.get("etag", "")
        expected = expected.removeprefix("W/").strip('"').lower()
        if answer.status_code < 400 and len(expected) in (_SHA256_LENGTH, _GIT_LENGTH):
            return _Source(target, expected, commit)
        if not answer.is_redirect:
            answer.raise_for_status()
            break
        url = target
    raise PilotlightError(f"The hub does not say what {url} must be, so it cannot be checked; nothing was fetched.")


async def _download(client: httpx.AsyncClient, source: _Source, file: Path, progress: Progress | None) -> str:
    """Write the content; its hash, of the kind that was published."""
    with file.open("wb") as written:
        async with client.stream("GET", source.url, follow_redirects=True) as answer:
            answer.raise_for_status()
            total = int(answer.headers.get("content-length", 0))
            async for piece in answer.aiter_bytes():
                written.write(piece)
                if progress:
                    progress(written.tell(), total)
    return _hash(file, is_git=len(source.expected) == _GIT_LENGTH)


def _hash(file: Path, *, is_git: bool) -> str:
    """SHA-256, or the hash that git gives a file."""
    digest = (
        hashlib.sha1(f"blob {file.stat().st_size}\0".encode(), usedforsecurity=False) if is_git else hashlib.sha256()
    )
    with file.open("rb") as content:
        while piece := content.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()

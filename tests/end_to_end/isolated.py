"""A peer that listens on every interface, run where nobody else can reach it, and yet at a port on our loopback."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.namespace import bridge
from tests.end_to_end.peers import PeerError, peers_unavailable

_NAMESPACE = Path(__file__).parent / "namespace.py"
_START_SECONDS = 20
_OUTWARD_PORT = 4000


@dataclass(frozen=True)
class Isolated:
    """A running peer: its port on loopback, the socket that also leads to it, and the address of our way back."""

    port: int
    socket: Path
    outward_socket: Path
    outward_url: str


@asynccontextmanager
async def running_isolated(command: Callable[[Isolated], Sequence[str]], output: Path) -> AsyncIterator[Isolated]:
    """Runs the command, which must listen on the port it is told; what it prints goes to the file.

    It can reach nothing but `outward_url`, behind which stands whoever listens on `outward_socket`.
    """
    reason = peers_unavailable()
    if reason is not None:
        raise PeerError(reason)
    # A unix socket's path has 107 characters at most, and pytest's folders are longer.
    with tempfile.TemporaryDirectory(prefix="peer-") as short:
        inward = Path(short) / "in"
        entrance = await asyncio.start_server(bridge(lambda: asyncio.open_unix_connection(inward)), "127.0.0.1", 0)
        port: int = entrance.sockets[0].getsockname()[1]
        outward_port = _OUTWARD_PORT if port != _OUTWARD_PORT else _OUTWARD_PORT + 1
        peer = Isolated(port, inward, Path(short) / "out", f"http://127.0.0.1:{outward_port}")
        try:
            with output.open("ab") as printed:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    str(_NAMESPACE),
                    f"--inward={port}={inward}",
                    f"--outward={outward_port}={peer.outward_socket}",
                    *command(peer),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=printed,
                )
            try:
                await _until_ready(process, output)
                yield peer
            finally:
                await _end(process)
        finally:
            entrance.close()
            await entrance.wait_closed()


async def _until_ready(process: asyncio.subprocess.Process, output: Path) -> None:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_START_SECONDS):
            line = await process.stdout.readline()
    except TimeoutError:
        line = b""
    if line != b"ready\n":
        raise PeerError(f"The peer did not start; see {output}.")


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(5):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()

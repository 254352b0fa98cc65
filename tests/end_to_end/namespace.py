"""Runs a program in a network of its own, which holds nothing but loopback: what it listens on, only we can reach.

    namespace.py [--inward PORT=SOCKET] [--outward PORT=SOCKET] PROGRAM [ARGUMENT …]

A unix socket is a file, and so the only way in and out: who connects to an inward one speaks with the program's
PORT, and what the program sends to an outward PORT comes out at the socket. The program ends when stdin closes.
Standard library only, and no root: an ordinary user gets a user namespace as well.
"""

import argparse
import asyncio
import contextlib
import ctypes
import fcntl
import functools
import os
import signal
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_GET_FLAGS, _SET_FLAGS, _IS_UP = 0x8913, 0x8914, 0x1
_DIE_WITH_PARENT = 1
_REFUSED = 3
_CHUNK = 65536

_libc = ctypes.CDLL(None, use_errno=True)


def enter_own_network() -> None:
    """Leaves every network but a loopback of its own."""
    user, group = os.geteuid(), os.getegid()
    if user == 0 and _libc.unshare(_CLONE_NEWNET) == 0:
        _bring_loopback_up()
        return
    if _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    with contextlib.suppress(FileNotFoundError):
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    _bring_loopback_up()


def _bring_loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        answer = fcntl.ioctl(control, _GET_FLAGS, struct.pack("16sh22x", b"lo", 0))
        (flags,) = struct.unpack("16xh22x", answer)
        fcntl.ioctl(control, _SET_FLAGS, struct.pack("16sh22x", b"lo", flags | _IS_UP))


Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


def bridge(connect: Connect) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """What a server does with a connection: it passes every byte on to another, both ways."""

    async def passes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await connect()
        except OSError:
            await _close(writer)
            return
        await asyncio.gather(_pour(reader, far_writer), _pour(far_reader, writer))

    return passes


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass
    finally:
        await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def _die_with_parent() -> None:
    _libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL)


async def _until_it_listens(port: int, program: asyncio.subprocess.Process) -> None:
    while program.returncode is None:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            await _close(writer)
            return


async def _stdin_closes() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


async def _run(command: list[str], inward: list[tuple[int, str]], outward: list[tuple[int, str]]) -> int:
    async with contextlib.AsyncExitStack() as stack:
        for port, path in outward:
            server = await asyncio.start_server(
                bridge(functools.partial(asyncio.open_unix_connection, path)), "127.0.0.1", port
            )
            stack.callback(server.close)
        program = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=sys.stderr, preexec_fn=_die_with_parent
        )
        for port, path in inward:
            await _until_it_listens(port, program)
            entrance = await asyncio.start_unix_server(
                bridge(functools.partial(asyncio.open_connection, "127.0.0.1", port)), path
            )
            stack.callback(entrance.close)
        if not inward:
            return await program.wait()
        print("ready", flush=True)  # noqa: T201
        ends = [asyncio.ensure_future(program.wait()), asyncio.ensure_future(_stdin_closes())]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if program.returncode is None:
            program.kill()
        return await program.wait()


def _port_and_path(text: str) -> tuple[int, str]:
    port, path = text.split("=", maxsplit=1)
    return int(port), path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inward", type=_port_and_path, action="append", default=[])
    parser.add_argument("--outward", type=_port_and_path, action="append", default=[])
    parser.add_argument("command", nargs=argparse.REMAINDER)
    chosen = parser.parse_args()
    try:
        enter_own_network()
    except OSError as problem:
        sys.stderr.write(
            f"No network of its own for the peers ({problem.strerror}): run as root, or allow user namespaces "
            "(sysctl kernel.apparmor_restrict_unprivileged_userns=0, user.max_user_namespaces > 0).\n"
        )
        sys.exit(_REFUSED)
    code = asyncio.run(_run(chosen.command, chosen.inward, chosen.outward))
    os._exit(0 if code == 0 else 1)  # connections that are still open need no farewell


if __name__ == "__main__":
    main()

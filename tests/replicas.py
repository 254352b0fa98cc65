"""Replicas that send what is due, each a process to be killed; the platform is a file that they append to.

This is also the program they all come from: it has imported all there is to import, and forks one for each line it is
given.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from adapters.sql import open_database
from bot.deliveries import Delivery
from jobs.deliveries import Limits, Sent, Sweep

KNOWS, SILENT = "knows", "silent"  # the kinds of delivery: whether the platform can say what it has
LIMITS = Limits(
    at_once=10,
    attempts=1_000,
    send_within=timedelta(seconds=1),
    lease=timedelta(seconds=4),
    first_wait=timedelta(seconds=1),
    longest_wait=timedelta(seconds=1),
)


@dataclass(frozen=True)
class Platform:
    """What arrived, and what was asked for in doubt, a line each: appending one is done or not, whoever is killed."""

    folder: Path

    def arrived(self) -> Counter[str]:
        return self._lines("arrived")

    def doubted(self) -> Counter[str]:
        return self._lines("doubted")

    async def take(self, delivery: Delivery, chance: Random) -> Sent:
        await asyncio.sleep(chance.random() * 0.01)
        self._append("arrived", delivery.key)
        await asyncio.sleep(chance.random() * 0.01)
        return Sent("file", delivery.key)

    def was_sent(self, delivery: Delivery) -> bool | None:
        self._append("doubted", delivery.key)
        return delivery.key in self.arrived() if delivery.kind == KNOWS else None

    def _append(self, name: str, key: str) -> None:
        descriptor = os.open(self.folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(descriptor, f"{key}\n".encode())
        finally:
            os.close(descriptor)

    def _lines(self, name: str) -> Counter[str]:
        path = self.folder / name
        return Counter(path.read_text(encoding="utf-8").splitlines() if path.exists() else ())


@dataclass
class Replicas:
    """Those that run; `kill` gives one no moment to tidy up, and another takes its place."""

    nursery: "subprocess.Popen[str]"
    running: list[int] = field(default_factory=list)

    def start(self) -> None:
        assert self.nursery.stdin
        assert self.nursery.stdout
        self.nursery.stdin.write("\n")
        self.nursery.stdin.flush()
        self.running.append(int(self.nursery.stdout.readline()))

    def kill(self, number: int) -> None:
        os.kill(self.running.pop(number), signal.SIGKILL)


@contextmanager
def replicas(count: int, url: str, folder: Path) -> Iterator[Replicas]:
    command = [sys.executable, "-m", "tests.replicas", url, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as nursery:
        started = Replicas(nursery)
        try:
            for _ in range(count):
                started.start()
            yield started
        finally:
            while started.running:
                started.kill(0)


async def sweep_for_ever(url: str, platform: Platform) -> None:
    chance = Random()

    async def was_sent(delivery: Delivery) -> bool | None:
        return platform.was_sent(delivery)

    async with open_database(url) as database:
        sweep = Sweep(
            queue=database.deliveries,
            send=lambda delivery: platform.take(delivery, chance),
            was_sent=was_sent,
            jitter=chance.random,
            limits=LIMITS,
        )
        while True:
            await sweep(datetime.now(UTC))
            await asyncio.sleep(0.1)


def main(url: str, folder: str) -> None:
    # Whoever is killed needs nobody to wait for it.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        process = os.fork()
        if not process:
            asyncio.run(sweep_for_ever(url, Platform(Path(folder))))
        sys.stdout.write(f"{process}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])

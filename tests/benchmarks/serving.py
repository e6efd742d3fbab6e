"""The Companion as real processes with a database of their own: for whatever is measured from outside."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic, sleep
from typing import IO, Self
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
COMPANION = (sys.executable, "-m", "companion.standalone")


class Service:
    """A process that can die and come back, with a folder and a log of its own, as on a machine of its own."""

    def __init__(self, name: str, command: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
        self.command = command
        self.folder = folder / name
        self.folder.mkdir()
        self.log = self.folder / "log"
        self.environ = {**environ, "COMPANION_DATA_DIR": str(self.folder)}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.end(signal.SIGTERM)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = _start(self.command, self.environ, self.folder, log)

    def end(self, how: signal.Signals) -> None:
        # The whole group: the processes that answer are children, and would keep the port after their parent's death.
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, how)
        self.process.wait()

    def tracebacks(self) -> Counter[str]:
        """What failed in the process, and in which line of ours, from its log."""
        found: Counter[str] = Counter()
        place, inside = "", False
        for line in self.log.read_text().splitlines():
            if line.startswith("Traceback "):
                place, inside = "", True
            elif inside and line.startswith(f'  File "{ROOT}') and ".venv" not in line:
                place = line.strip()
            elif inside and not line.startswith(" "):
                found[f"{line} {place}".strip()] += 1
                inside = False
        return found

    def megabytes(self) -> float:
        """What the processes of the group hold in memory."""
        pages = 0
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if os.getpgid(int(folder.name)) == self.process.pid:
                    pages += int((folder / "statm").read_text().split()[1])
        return round(pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000, 1)


class Server(Service):
    """One `companion serve`, on a free port."""

    def __init__(self, number: int, environ: Mapping[str, str], folder: Path, *arguments: str, port: int = 0) -> None:
        self.port = port or free_port()
        command = [*COMPANION, "serve", "--port", str(self.port), *arguments]
        super().__init__(f"server-{number}", command, environ, folder)

    def wait(self) -> None:
        """Until it is ready for requests."""
        wait_until_answered(self, self.port, "/readyz")


def wait_until_answered(service: Service, port: int, path: str) -> None:
    """Raises RuntimeError where the process ends or gives no 200 within a minute."""
    end = monotonic() + 60
    while not _is_answered(port, path):
        if monotonic() > end or service.process.poll() is not None:
            raise RuntimeError(f"A server does not start:\n{service.log.read_text()}")
        sleep(0.05)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def fresh_database(server: str | None, folder: Path, name: str) -> Iterator[str]:
    """The URL of an empty database, which is gone afterwards."""
    if not server:
        yield f"sqlite:///{folder / f'{name}.sqlite3'}"
        return
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        # FORCE: the connections of a server that was killed may still be there.
        drop = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
        connection.execute(drop)
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(drop)


def environ_of(url: str, folder: Path) -> dict[str, str]:
    """The environment that the servers and this process share (docs/quickstarts/deploy.md)."""
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return kept | {
        "COMPANION_URL": "http://localhost:8601",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "COMPANION_DATA_DIR": str(folder),
        # No limit to how much one person posts: here that is the point.
        "COMPANION_MOST_POSTS": "0",
        # The platforms of the measurements are on this machine.
        "COMPANION_LTI_PRIVATE_HOSTS": "127.0.0.1",
        "DATABASE_URL": url,
        "SECRET_KEY": secrets.token_hex(25),
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "lti", ROOT / "xblocks"))),
    }


def companion(*arguments: str, environ: Mapping[str, str], folder: Path) -> subprocess.Popen[bytes]:
    """The command `companion`; it speaks where this process does."""
    return _start([*COMPANION, *arguments], environ, folder)


def set_up_django(environ: Mapping[str, str], settings: str = "tests.settings") -> None:
    """For what is there beforehand and the checks afterwards, which go past HTTP."""
    os.environ.update(environ, DJANGO_SETTINGS_MODULE=settings)
    import django

    django.setup()


def _start(
    command: Sequence[str], environ: Mapping[str, str], folder: Path, output: IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    """In a process group of its own; without `output` it speaks where this process does."""
    return subprocess.Popen(command, env=environ, cwd=folder, stdout=output, stderr=output, start_new_session=True)


def _is_answered(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()

"""`make demo`: the LMS, the Companion and its worker in one process tree, seeded, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import requests

from examples.demo_lms import course

ROOT = Path(__file__).resolve().parents[2]
CLIENT_ID = "course-companion-demo"
COMPANION = (sys.executable, "-m", "companion.standalone")
STARTUP_SECONDS = 60


def environment(port: int, folder: Path) -> dict[str, str]:
    """What both services need to find each other. The LMS is on 127.0.0.1 and the tool on localhost: two sites for
    a browser, so that the frame is as foreign to its page as it will be in a real LMS.
    """
    paths = [str(ROOT), str(ROOT / "lti"), str(ROOT / "xblocks"), os.environ.get("PYTHONPATH", "")]
    given = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return given | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONUNBUFFERED": "1",
        "DEMO_LMS_URL": f"http://127.0.0.1:{port}",
        "DEMO_TOOL_URL": f"http://localhost:{port + 1}",
        "DEMO_LMS_DIR": str(folder),
        "DEMO_LMS_CLIENT_ID": CLIENT_ID,
        "COMPANION_URL": f"http://localhost:{port + 1}",
        "COMPANION_DATA_DIR": str(folder / "companion"),
        "COMPANION_LTI_PRIVATE_HOSTS": "127.0.0.1",
        # The Companion follows what somebody presses in the header of the LMS: see clock.py.
        "COMPANION_CLOCK_FILE": str(folder / "clock"),
        # What it mails is looked at in the LMS ("My mail"): no letter leaves this machine.
        "EMAIL_URL": f"filemail:///{folder / 'mail'}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
    }


def prepare(env: Mapping[str, str]) -> None:
    """Databases, keys, the registration and the conversations. Safe to do again and again; the time is now."""
    (Path(env["DEMO_LMS_DIR"]) / "clock").unlink(missing_ok=True)
    lms = env["DEMO_LMS_URL"]
    _run([sys.executable, "-m", "examples.demo_lms.seed"], env)
    _run([*COMPANION, "manage", "migrate", "--verbosity", "0"], env)
    _run(
        [
            *COMPANION,
            *("manage", "lti_register"),
            *("--organization", "Northwind Training"),
            *("--name", "Demo LMS", "--issuer", lms, "--client-id", CLIENT_ID, "--deployment-id", "1"),
            *(
                "--auth-login-url",
                f"{lms}/auth",
                "--auth-token-url",
                f"{lms}/token",
                "--jwks-url",
                f"{lms}/jwks",
            ),
        ],
        env,
    )
    _run([sys.executable, "-m", "examples.demo_lms.seed_companion"], env)


def start(env: Mapping[str, str], port: int) -> list[subprocess.Popen[bytes]]:
    """The three processes: LMS, Companion, worker."""
    granian = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--blocking-threads", "4", "--no-ws"]
    commands = [
        [sys.executable, "-m", *granian, "--port", str(port), "examples.demo_lms.wsgi:application"],
        [*COMPANION, "serve", "--port", str(port + 1)],
        [*COMPANION, "worker"],
    ]
    # A session of its own for each: a Ctrl-C in the terminal reaches us, and we stop them in order.
    return [subprocess.Popen(command, cwd=ROOT, env=dict(env), start_new_session=True) for command in commands]


def wait_until_ready(env: Mapping[str, str], processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Raises RuntimeError where a service ends or does not answer within a minute."""
    urls = [f"{env['DEMO_LMS_URL']}/jwks", f"{env['COMPANION_URL']}/readyz"]
    deadline = time.monotonic() + STARTUP_SECONDS
    while urls:
        if any(process.poll() is not None for process in processes):
            raise RuntimeError("A service of the demo stopped at its start; its last words are above.")
        if time.monotonic() > deadline:
            raise RuntimeError(f"The demo did not answer within {STARTUP_SECONDS} s: {urls[0]}")
        try:
            if requests.get(urls[0], timeout=2).ok:
                urls.pop(0)
                continue
        except requests.RequestException:
            pass
        time.sleep(0.1)


def stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
    for process in processes:
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def must_be_free(port: int) -> None:
    """Raises RuntimeError where somebody listens: the server would share the port and answer every other request."""
    for taken in (port, port + 1):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", taken)) == 0:
                raise RuntimeError(f"Port {taken} is taken. Try another: make demo PORT=8640")


def main(*, port: int) -> None:
    try:
        must_be_free(port)
    except RuntimeError as error:
        sys.exit(str(error))
    folder = ROOT / "var" / f"demo-{port}"
    folder.mkdir(parents=True, exist_ok=True)
    env = environment(port, folder)
    print("Setting up the demo ...", flush=True)
    prepare(env)
    processes = start(env, port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        wait_until_ready(env, processes)
        people = ", ".join(person.short_name for person in course.PEOPLE)
        print(
            f"\n  Open {env['DEMO_LMS_URL']} and sign in with one click: {people}.\n  Ctrl-C stops it.\n",
            flush=True,
        )
        while all(process.poll() is None for process in processes):
            time.sleep(0.5)
        raise RuntimeError("A service of the demo stopped; its last words are above.")
    except (KeyboardInterrupt, SystemExit):
        print("\nStopped. The data stay in", folder.relative_to(ROOT))
    except RuntimeError as error:
        sys.exit(str(error))
    finally:
        stop(processes)


def _run(command: Sequence[str], env: Mapping[str, str]) -> None:
    done = subprocess.run(command, cwd=ROOT, env=dict(env), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command[1:4])} failed:\n{done.stdout}{done.stderr}")

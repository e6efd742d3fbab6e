"""A graded discussion in the demo LMS: three real processes, and people who came into it by launches."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable
from contextlib import ExitStack
from html import unescape
from pathlib import Path
from threading import Event, RLock
from typing import Any, Self

import requests

from examples.demo_lms import run
from tests.benchmarks import lms
from tests.benchmarks.between import Between, do_nothing
from tests.benchmarks.doors import Door
from tests.benchmarks.serving import (
    COMPANION,
    ROOT,
    Server,
    Service,
    environ_of,
    free_port,
    set_up_django,
    wait_until_answered,
)
from tests.benchmarks.writers import HIDDEN, Ticket, World, Writer, Written

# Ten parts, so that grades rise for as long as somebody writes.
RULE = {"credit_threads": 2, "credit_replies": 8, "credit_words": 6, "credit_points": 10}
# Added to the seed of somebody's first window.
SECOND_WINDOW = 10_000
# After so many, some of them short or without a name, one counts.
MOST_POSTS = 20
GRANIAN = [sys.executable, "-m", "granian", "--interface", "wsgi", "--blocking-threads", "8", "--no-ws"]


class School:
    """While it is entered, the LMS, the Companion and its worker run; `between` sees what they say to each other.

    The LMS believes itself at the address of `between`, as behind a proxy, so all of its services are there.
    """

    def __init__(self, url: str, folder: Path, learners: int) -> None:
        self.folder, self._failing = folder, RLock()
        public, inner, tool = free_port(), free_port(), free_port()
        self.environ = _environ(url, folder, public, tool, learners)
        self.address = self.environ["DEMO_LMS_URL"]
        self.between, self.inner = Between(public, inner), inner
        application = "tests.benchmarks.lms_wsgi:application"
        self.lms = Service("lms", [*GRANIAN, "--port", str(inner), application], self.environ, folder)
        self.server = Server(0, self.environ, folder, port=tool)
        self.worker = Service("worker", [*COMPANION, "worker"], self.environ, folder)

    def __enter__(self) -> Self:
        run.prepare(self.environ)
        self.link_id = self._place_link()
        set_up_django(self.environ, "companion.standalone.settings")
        with ExitStack() as stack:
            for service in (self.between, self.lms, self.server, self.worker):
                stack.enter_context(service)
            wait_until_answered(self.lms, self.inner, "/jwks")
            self.server.wait()
            # Where one of them does not start, those that did are ended.
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        # Whoever hangs would not hear that it is to end.
        self.fail("")
        self.stack.close()

    def fail(self, how: str) -> None:
        """What the services of the LMS do from now on (examples/demo_lms/faults.py), whatever was to come before."""
        with self._failing:
            self.between.when_looked = do_nothing
            (self.folder / "faults").write_text(how)

    def kill_worker(self) -> None:
        self.worker.end(signal.SIGKILL)

    def kill_worker_when_taken(self, seconds: float) -> None:
        """At the worst moment: the LMS has taken a score, and the worker has not heard of it. Or after a while."""
        killed = self._when_taken(self.kill_worker)
        if not killed.wait(seconds):
            self.between.when_taken = do_nothing
            self.kill_worker()

    def fail_when_looked(self, how: str, subjects: Collection[str]) -> Event:
        """At the worst moment: the worker has looked at a grade, and has yet to send its own. Where there are
        `subjects`, at one of theirs. Gives what is set then.
        """
        failing = Event()

        def looked(subject: str) -> None:
            with self._failing:
                # A look that comes when the next phase has begun must not bring this one's fault back.
                if self.between.when_looked is looked and (subject in subjects or not subjects):
                    self.fail(how)
                    failing.set()

        self.between.when_looked = looked
        return failing

    def wait_until_taken(self) -> None:
        """Until the LMS has taken a score: there is a column then, and the worker has every token that it needs."""
        taken = self._when_taken(lambda: None)
        if not any(score.was_taken for score in self.between.sent) and not taken.wait(60):
            raise RuntimeError(f"No score arrives:\n{self.worker.log.read_text()}")

    def _when_taken(self, then: Callable[[], object]) -> Event:
        """Once."""
        done = Event()

        def taken(_subject: str) -> None:
            self.between.when_taken = do_nothing
            then()
            done.set()

        self.between.when_taken = taken
        return done

    def enter(self, person: str) -> Ticket:
        """Somebody opens the link in the LMS."""
        from companion_lti.models import LtiSession

        with requests.Session() as browser:
            browser.trust_env = False
            form = _fields(browser.get(f"{self.address}/sign-in"))
            browser.post(f"{self.address}/sign-in", form | {"person": person}).raise_for_status()
            door = Door(self.server.port)
            # In a window of its own: a frame would be asked for more than a redirect.
            login = door.login(_fields(browser.get(f"{self.address}/launch/{self.link_id}/?window=1")))
            answer = door.launch_with(login.cookie, _fields(browser.get(login.location)))
            door.close()
        assert answer.status == 303, answer
        session = LtiSession.objects.get(handle=answer.handle)
        return Ticket(person_id=session.person_id, path=f"/lti/s/{answer.handle}/", cookie=answer.cookie)

    def begin(self, learners: int) -> list[Writer]:
        """The discussion gets its rule, everybody comes, and somebody has a grade."""
        from companion_lti.models import LtiSession, ResourceLink
        from companion_lti.mount import viewer_of

        from companion.spaces import api as spaces

        teacher = self.enter(lms.TEACHER)
        self.activity: Any = ResourceLink.objects.get(link_id=str(self.link_id)).activity
        spaces.configure_activity(
            viewer=viewer_of(LtiSession.objects.get(person_id=teacher.person_id)),
            uid=self.activity.uid,
            title=self.activity.title,
            settings=self.activity.settings | RULE,
        )
        self.activity.refresh_from_db()
        world = World(activity=str(self.activity.uid), last={})
        ports = [self.server.port]
        Writer(me=teacher, staff=teacher, world=world, ports=ports, seed=learners).start()
        writers = [
            Writer(me=self.enter(person.key), staff=teacher, world=world, ports=ports, seed=number)
            for number, person in enumerate(lms.learners(learners))
        ]
        self.others = {writer.me.person_id: self._other(writer) for writer in writers}
        self.write_on([writers[0].me.person_id])
        self.wait_until_taken()
        return writers

    def write_on(self, people: Iterable[int]) -> None:
        """Have each of them write something that counts, and at once: under their names."""
        for writer in (self.others[person] for person in people if person in self.others):
            count = len(writer.written)
            for _post in range(MOST_POSTS):
                (writer.reply if count else writer.start)()
                if any(map(_counts, writer.written[count:])):
                    break
            writer.hang_up()

    def _other(self, writer: Writer) -> Writer:
        """Another window of the same person: this one is nobody else's thread."""
        seed = SECOND_WINDOW + writer.seed
        return Writer(me=writer.me, staff=writer.staff, world=writer.world, ports=[self.server.port], seed=seed)

    def _place_link(self) -> int:
        command = [sys.executable, "-m", "tests.benchmarks.lms"]
        done = subprocess.run(command, cwd=ROOT, env=self.environ, capture_output=True, text=True, check=True)
        return int(done.stdout)


def _counts(post: Written) -> bool:
    return not post.is_anonymous and len(post.texts[0].split()) >= RULE["credit_words"]


def _environ(url: str, folder: Path, public: int, tool: int, learners: int) -> dict[str, str]:
    return {
        **run.environment(public, folder),
        **environ_of(url, folder),
        "DEMO_TOOL_URL": f"http://localhost:{tool}",
        "COMPANION_URL": f"http://localhost:{tool}",
        "LOG_LEVEL": "WARNING",
        lms.VARIABLE: str(learners),
    }


def _fields(page: requests.Response) -> dict[str, str]:
    page.raise_for_status()
    return {name: unescape(value) for name, value in HIDDEN.findall(page.text)}

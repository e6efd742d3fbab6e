"""People who write by HTTP as fast as they are answered, and remember what they were told: the storm's clients.

Nothing of the Companion is imported here: what somebody knows of it is its pages, its forms and their answers.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import unescape
from http.client import HTTPConnection, HTTPException
from random import Random
from time import monotonic, perf_counter, sleep
from urllib.parse import urlencode

# SQLite's writers wait 20 s for their turn; whoever has no answer by now will get none.
TIMEOUT = 60
# Most of what is written goes into one long thread and the newest few, as in a course; there the locks are.
LONG, HOT = 0.25, 6
# How often somebody presses the button twice.
TWICE = 0.25
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
PLACE = re.compile(r"/threads/(\d+)/(?:\?post=(\d+))?")
WORDS = "unit video question answer learner valve pressure figure before after however never because maybe".split()


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """What a launch leaves in a browser: whose it is, the path of its pages, and the cookie that reads them."""

    person_id: int
    path: str
    cookie: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    location: str
    trigger: str
    body: str

    @property
    def is_done(self) -> bool:
        return self.status in (200, 303)


@dataclass(kw_only=True)
class Written:
    """A post that was acknowledged, as its author remembers it."""

    person_id: int
    thread_id: int
    number: int
    is_anonymous: bool
    # What it may say now: the text acknowledged last, and those sent after it without getting an answer.
    texts: list[str]
    # None: asked for, without getting an answer.
    is_deleted: bool | None = False


@dataclass(kw_only=True)
class World:
    """What all writers know: the last number that they heard of in each thread. The first one is nobody's own."""

    activity: str
    last: dict[int, int]

    def heard_of(self, thread_id: int, number: int) -> None:
        self.last[thread_id] = max(number, self.last.get(thread_id, 0))


class Web:
    """A connection to one server, kept open as browsers do. `asked` gets (status, milliseconds), 0 for no answer."""

    def __init__(self, port: int, asked: list[tuple[int, float]]) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        self.asked = asked

    def ask(self, ticket: Ticket, page: str, fields: Mapping[str, str] | None, *, htmx: bool) -> Answer | None:
        """The answer, or None where none came: then nobody knows what became of the request."""
        headers = {"Cookie": ticket.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        headers |= {"HX-Request": "true"} if htmx else {}
        body = None if fields is None else urlencode(fields)
        begun = perf_counter()
        try:
            self.connection.request("POST" if body else "GET", ticket.path + page, body, headers)
            response = self.connection.getresponse()
            text = response.read().decode()
        except (OSError, HTTPException):
            self.connection.close()
            self.asked.append((0, 0.0))
            return None
        self.asked.append((response.status, (perf_counter() - begun) * 1_000))
        return Answer(
            status=response.status,
            location=response.headers.get("Location", ""),
            trigger=response.headers.get("HX-Trigger", ""),
            body=text,
        )


class Writer:
    """One person who writes, and now and then acts for the course staff. The same seed makes the same choices."""

    def __init__(self, *, me: Ticket, staff: Ticket, world: World, ports: Sequence[int], seed: int) -> None:
        self.me, self.staff, self.world = me, staff, world
        self.rng = Random(seed)
        self.seed, self.words = seed, 0
        self.asked: list[tuple[int, float]] = []
        # A balancer that does not stick: the form from one server, the post to the other.
        self.webs = [Web(port, self.asked) for port in ports]
        self.written: list[Written] = []
        self.hidden: list[tuple[int, int]] = []
        self.doubled: list[str] = []
        self.done: Counter[str] = Counter()

    def write_until(self, end: float) -> None:
        verbs: dict[Callable[[], None], int] = {
            self.start: 3,
            self.reply: 47,
            self.edit: 12,
            self.delete: 5,
            self.moderate: 8,
            self.mark: 10,
            self.read: 15,
            self.poll: 10,
        }
        while monotonic() < end:
            self.rng.choices(list(verbs), weights=list(verbs.values()))[0]()
        self.hang_up()

    def hang_up(self) -> None:
        """Before a while in which nothing is asked: a server does not keep a silent connection for long."""
        for web in self.webs:
            web.connection.close()

    def start(self) -> None:
        page = f"activities/{self.world.activity}/new/"
        form = self._form(page)
        if form is not None:
            text = self._text()
            self._post(page, form | {"title": _title(text), "body": text}, text)

    def reply(self) -> None:
        thread_id = self._thread()
        last = self.world.last[thread_id]
        # Answers to answers more often than not: threads become deeper than paths go.
        number = self.rng.choice([1, self.rng.randint(1, last), last, last, last])
        page = f"threads/{thread_id}/posts/{number}/reply/"
        form = self._form(f"threads/{thread_id}/" if number == 1 else page)
        if form is None or "submission" not in form:
            return
        text = self._text()
        self._post(page, form | {"body": text}, text, thread_id=thread_id)

    def edit(self) -> None:
        post = self._own()
        if post is None:
            return
        page = f"threads/{post.thread_id}/posts/{post.number}/edit/"
        form = self._form(page)
        if form is None or "version" not in form:
            return
        text = self._text()
        answer = self._ask(page, form | {"title": _title(text), "body": text})
        if answer is None or answer.status >= 500:
            post.texts.append(text)
        elif answer.is_done:
            post.texts = [text]
            self.done["edits"] += 1

    def delete(self) -> None:
        post = self._own()
        if post is None:
            return
        page = f"threads/{post.thread_id}/posts/{post.number}/delete/"
        form = self._form(page)
        if form is None:
            return
        answer = self._ask(page, form)
        if answer is None or answer.status >= 500:
            post.is_deleted = None
        elif answer.is_done:
            post.is_deleted = True
            self.done["deletions"] += 1

    def moderate(self) -> None:
        """Hide, restore, pin, lock, and rather let go than hold: a course in which all is locked shows nothing."""
        thread_id = self._thread()
        form = self._form(f"threads/{thread_id}/", self.staff)
        if form is None:
            return
        verb = self.rng.choice(["hide", "hide", "restore", "restore", "pin", "lock"])
        if verb in ("pin", "lock"):
            on = "1" if self.rng.random() < 0.3 else "0"
            answer = self._ask(f"threads/{thread_id}/{verb}/", form | {"pinned": on, "locked": on}, self.staff)
        else:
            answer = self._moderate_post(verb, thread_id, form)
        self.done["moderations"] += answer is not None and answer.is_done

    def mark(self) -> None:
        """Helpful, endorsed, following: given and taken back."""
        thread_id = self._thread()
        verb = self.rng.choice(["helpful", "helpful", "helpful", "endorse", "follow"])
        ticket = self.staff if verb == "endorse" else self.me
        form = self._form(f"threads/{thread_id}/", ticket)
        if form is None:
            return
        on = "1" if self.rng.random() < 0.7 else "0"
        number = self.rng.randint(1, self.world.last[thread_id])
        place = f"threads/{thread_id}/" if verb == "follow" else f"threads/{thread_id}/posts/{number}/"
        answer = self._ask(f"{place}{verb}/", form | {"helpful": on, "endorsed": on, "following": on}, ticket)
        self.done["marks"] += answer is not None and answer.is_done

    def read(self) -> None:
        thread_id = self._thread()
        if self.rng.random() < 0.3:
            query = self.rng.choice(["", "?sort=helpful", "?sort=unanswered", "?only=unread", "?only=following"])
            self._ask(f"activities/{self.world.activity}/{query}")
        else:
            number = self.rng.randint(1, self.world.last[thread_id])
            self._ask(f"threads/{thread_id}/{self.rng.choice(['', '?last=1', f'?post={number}'])}")

    def poll(self) -> None:
        thread_id = self._thread()
        if self.rng.random() < 0.3:
            self._ask(f"activities/{self.world.activity}/news/?since=")
        else:
            self._ask(f"threads/{thread_id}/news/?since=")

    def _moderate_post(self, verb: str, thread_id: int, form: Mapping[str, str]) -> Answer | None:
        if verb == "restore" and self.hidden:
            thread_id, number = self.hidden.pop(0)
        else:
            number = self.rng.randint(1, self.world.last[thread_id])
        if verb == "hide":
            self.hidden.append((thread_id, number))
        return self._ask(f"threads/{thread_id}/posts/{number}/{verb}/", {**form, "reason": "Storm"}, self.staff)

    def _post(self, page: str, fields: dict[str, str], text: str, *, thread_id: int = 0) -> None:
        """Send a new post, sometimes twice at once by both servers, and remember it once it is acknowledged.

        Without an answer the same form goes to the other server, as somebody does who presses the button again.
        """
        is_anonymous = self.rng.random() < 0.3
        fields |= {"anonymous": "on"} if is_anonymous else {}
        htmx = self.rng.random() < 0.5
        if self.rng.random() < TWICE:
            with ThreadPoolExecutor(len(self.webs)) as pool:
                answers = list(pool.map(lambda web: web.ask(self.me, page, fields, htmx=htmx), self.webs))
            self.done["double_submits"] += 1
        else:
            answers = [self._ask(page, fields, htmx=htmx)]
        if not any(answers):
            answers = [web.ask(self.me, page, fields, htmx=htmx) for web in self.webs]
        places = {_place(answer, thread_id) for answer in answers if answer is not None and answer.is_done}
        if len(places) > 1:
            self.doubled.append(f"one form made {places}: {text}")
        for thread_id, number in places:
            self.world.heard_of(thread_id, number)
            self.done["threads" if number == 1 else "replies"] += 1
            self.written.append(
                Written(
                    person_id=self.me.person_id,
                    thread_id=thread_id,
                    number=number,
                    is_anonymous=is_anonymous,
                    texts=[text],
                )
            )

    def _form(self, page: str, ticket: Ticket | None = None) -> dict[str, str] | None:
        """The hidden fields of a page; None where it is refused."""
        answer = self._ask(page, ticket=ticket)
        if answer is None or answer.status != 200:
            return None
        return {name: unescape(value) for name, value in HIDDEN.findall(answer.body)}

    def _ask(
        self, page: str, fields: Mapping[str, str] | None = None, ticket: Ticket | None = None, *, htmx: bool = False
    ) -> Answer | None:
        answer = self.rng.choice(self.webs).ask(ticket or self.me, page, fields, htmx=htmx)
        if answer is None:
            # A server that is down refuses at once: asking it as fast as that helps nobody.
            sleep(0.05)
        return answer

    def _thread(self) -> int:
        known = list(self.world.last)
        if self.rng.random() < LONG:
            return known[0]
        return self.rng.choice(known[-HOT:] if self.rng.random() < 0.8 else known)

    def _own(self) -> Written | None:
        own = [post for post in self.written[-40:] if post.is_deleted is False]
        return self.rng.choice(own) if own else None

    def _text(self) -> str:
        """A text with a word that is in no other one."""
        self.words += 1
        return " ".join([*self.rng.choices(WORDS, k=self.rng.randint(3, 40)), f"word{self.seed}x{self.words}"])


def _title(text: str) -> str:
    """A title that goes with a text: its own word, so that the two can be compared."""
    return f"About {text.split()[-1]}"


def _place(answer: Answer, thread_id: int) -> tuple[int, int]:
    """The thread and the number under which a post was acknowledged."""
    if answer.status == 200:
        return thread_id, int(json.loads(answer.trigger)["companion:posted"])
    found = PLACE.search(answer.location)
    assert found, answer.location
    return int(found[1]), int(found[2] or 1)

"""What is measured: each page and verb beside its floor."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from random import Random

from companion_lti import platform_keys, sessions, state
from companion_lti.launch import Launch
from companion_lti.models import LtiSession, Registration, UsedLogin
from companion_lti.tool import address_of
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.test import RequestFactory
from markdown_it import MarkdownIt

from companion import clock, keyset, markdown
from companion.threads import api as threads
from companion.threads.models import Post, ReadState, Thread, ThreadFollow
from companion.viewer import Viewer
from companion.web.mounting import path_for
from tests import http
from tests.benchmarks import data, floors, texts
from tests.benchmarks.blocks import block_figures
from tests.benchmarks.measure import Call, Pair, Web
from tests.benchmarks.messages import KID, Sender, Visit, new_key, public_jwk


def all_figures(found: data.DataSet) -> Iterator[Pair]:
    web = Web()
    reader, teacher = Reader(web, found.reader), Reader(web, found.teacher)
    yield from _lists(found, reader)
    yield from _threads(found, reader, teacher)
    yield from _polls(found, reader)
    yield _reply(found, reader)
    yield from launches(found, web)
    yield from block_figures(found)
    yield _rendering()


class Reader:
    """Somebody in an LTI session with cookies, as most browsers keep one."""

    def __init__(self, web: Web, viewer: Viewer) -> None:
        self.web, self.viewer = web, viewer
        self.session = http.lti_session(viewer)
        self.prefix = sessions.path_of(self.session)
        self.cookie = {"Cookie": f"{sessions.cookie_name(self.session)}={sessions.cookie_value(self.session)}"}

    def get(self, name: str, *args: object, query: str = "", expect: int = 200) -> Call:
        return self.web.get(f"{self.prefix}{path_for(name, *args)}?{query}", self.cookie, expect=expect)

    def post(self, name: str, *args: object, **fields: object) -> Call:
        """As htmx sends it."""
        headers = self.cookie | {"HX-Request": "true", sessions.TOKEN_HEADER: sessions.page_token(self.session)}
        return self.web.post(self.prefix + path_for(name, *args), fields, headers)


def _beside(name: str, page: Call, floor_path: str, *, joint: str = "?") -> Pair:
    """A page that is asked for again and again, beside a bare view with an answer of its size."""
    web = Web()
    size = len(page().body)
    floor = web.get(f"{floor_path}{joint}size={size}")
    return Pair(name=name, value=lambda: page, floor=lambda: floor)


def _lists(found: data.DataSet, reader: Reader) -> Iterator[Pair]:
    uid, floor = found.activity.uid, f"/floor/list/{found.activity.pk}/"
    in_order = Thread.objects.filter(activity=found.activity, is_pinned=False).order_by("-last_at", "-id")
    deep = in_order[in_order.count() * 9 // 10]
    cursor = keyset.encode(deep.last_at, deep.pk)
    yield _beside("list", reader.get("thread-list", uid), floor)
    yield _beside(
        "list_deep",
        reader.get("thread-list", uid, query=f"after={cursor}"),
        f"{floor}?before={deep.last_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        joint="&",
    )
    lists = ("sort=newest", "sort=unanswered", "sort=helpful", "sort=video", "only=unread", "only=mine")
    for name in (*lists, "only=following", "only=endorsed", "kind=question"):
        yield _beside(f"list_{name.partition('=')[2]}", reader.get("thread-list", uid, query=name), floor)
    yield _beside("home", reader.get("space-home"), floor)


def _threads(found: data.DataSet, reader: Reader, teacher: Reader) -> Iterator[Pair]:
    short, long = found.short[0], found.long[0]
    yield _beside("thread_20", reader.get("thread-detail", short), f"/floor/thread/{short}/")
    yield _first_visit(reader, short)
    yield _beside("thread_1000", reader.get("thread-detail", long), f"/floor/thread/{long}/")
    last = reader.get("thread-detail", long, query="last=1")
    yield _beside("thread_1000_last", last, f"/floor/thread/{long}/?last=1", joint="&")
    huge = found.huge
    yield _beside("thread_5000", reader.get("thread-detail", huge), f"/floor/thread/{huge}/")
    for name, query in (
        ("last", "last=1"),
        ("middle", "post=2500"),
        ("newest", "order=newest"),
        ("helpful", "order=helpful"),
    ):
        page = reader.get("thread-detail", huge, query=query)
        yield _beside(f"thread_5000_{name}", page, f"/floor/thread/{huge}/?last=1", joint="&")
    yield _beside("thread_1000_staff", teacher.get("thread-detail", long), f"/floor/thread/{long}/")


def _first_visit(reader: Reader, thread_id: int) -> Pair:
    """Opening a thread for the first time writes down what was seen."""
    page = reader.get("thread-detail", thread_id)
    again = _beside("thread_20_unseen", page, f"/floor/thread/{thread_id}/")

    def unseen() -> Call:
        ReadState.objects.filter(person_id=reader.viewer.person_id, thread_id=thread_id).delete()
        return page

    return Pair(name=again.name, value=unseen, floor=again.floor)


def _polls(found: data.DataSet, reader: Reader) -> Iterator[Pair]:
    """An open page that asks and finds nothing new."""
    long = found.long[0]
    floor = reader.web.get(f"/floor/poll/{long}/", expect=304)
    version = threads.seal_version(reader.viewer, threads.get_thread(viewer=reader.viewer, thread_id=long))
    thread = reader.get("thread-news", long, query=f"since={version}", expect=304)
    yield Pair(name="poll_thread", value=lambda: thread, floor=lambda: floor)
    body = reader.get("thread-list", found.activity.uid)().body.decode()
    since = body.partition('data-live-list="')[2].partition('"')[0].partition("?")[2]
    listed = reader.get("list-news", found.activity.uid, query=since, expect=304)
    yield Pair(name="poll_list", value=lambda: listed, floor=lambda: floor)


def _reply(found: data.DataSet, reader: Reader) -> Pair:
    """A reply of some 400 characters in a thread of 1,000, rendered and answered with an empty composer."""
    thread_id, floor_id = found.long[0], found.long[1]
    body = texts.paragraph(Random(1), 5)
    opening = Post.objects.get(thread_id=floor_id, number=1)

    def reply() -> Call:
        return reader.post("post-reply", thread_id, 1, body=body, submission=secrets.token_urlsafe(16))

    size = len(reply()().body)

    def floor() -> Call:
        fields = {
            "number": Thread.objects.get(pk=floor_id).last_number + 1,
            "parent": opening.pk,
            "author": reader.viewer.person_id,
            "body": body,
        }
        return reader.web.post(f"/floor/reply/{floor_id}/?size={size}", fields)

    return Pair(name="reply", value=reply, floor=floor)


def launches(found: data.DataSet, web: Web) -> Iterator[Pair]:
    """The signed message of somebody who has been here before, with the claims that a Moodle sends, and the login
    before it. The floor of the first is that of any launch: one signature and one row.
    """
    platform = Platform(found)
    registration_id = platform.registration.pk

    def check() -> Call:
        return Launch(platform.request()).check

    def validate() -> Call:
        attempt = Launch(platform.request())
        return lambda: attempt.check().use()

    def floor_of_check() -> Call:
        token = platform.launch()["id_token"]
        return partial(floors.verify_and_read, token, floors.PUBLIC_KEYS[registration_id], registration_id)

    yield Pair(name="launch_check", value=check, floor=floor_of_check)
    yield Pair(name="launch_validation", value=validate, floor=floor_of_check)

    def launch() -> Call:
        form = platform.launch()
        return web.post("/lti/launch", form, platform.cookies(), expect=303)

    reader = found.reader
    query = f"deployment={found.deployment.pk}&space={reader.space_id}&person={reader.person_id}"

    def floor() -> Call:
        form = platform.launch()
        return web.post(f"/floor/launch/{registration_id}/?{query}", form, expect=303)

    yield Pair(name="launch", value=launch, floor=floor)
    login = web.post("/lti/login", platform.sender.login(platform.visit), expect=302)
    begin = web.get(f"/floor/login/{registration_id}/", expect=302)
    yield Pair(name="login", value=lambda: login, floor=lambda: begin)


class Platform:
    """Signs launches. Its keys are held in the registration already, so that nothing is fetched."""

    def __init__(self, found: data.DataSet) -> None:
        self.registration: Registration = found.deployment.registration
        self.sender = Sender(
            issuer=self.registration.issuer,
            client_id=self.registration.client_id,
            deployment_id=found.deployment.deployment_id,
            target=address_of("launch"),
            key=new_key(),
        )
        space = found.activity.space
        self.visit = Visit(
            subject=data.subject(data.TEACHERS),
            name=found.reader.name,
            context=space.external_id,
            title=space.title,
            link=data.LINK,
        )
        keys = {"keys": [public_jwk(self.sender.key)]}
        self.registration.platform_keys, self.registration.platform_keys_at = keys, clock.now()
        self.registration.save()
        floors.PUBLIC_KEYS[self.registration.pk] = self.sender.key.public_key()
        platform_keys.platform_key(self.registration, KID)

    def launch(self) -> dict[str, str]:
        """The form that the browser brings, for a login that was just begun."""
        self.login, self.secret = state.start(registration_id=self.registration.pk)
        return {"state": state.dump(self.login), "id_token": self.sender.token(self.visit, self.login.nonce)}

    def cookies(self) -> dict[str, str]:
        return {"Cookie": f"{self.login.cookie_name}={self.secret}"}

    def request(self) -> HttpRequest:
        """The launch as a request, its form read already: only the validation is timed."""
        request: WSGIRequest = RequestFactory(SERVER_NAME="localhost").post("/lti/launch", self.launch())
        request.COOKIES[self.login.cookie_name] = self.secret
        assert request.POST["state"]
        return request


def _rendering() -> Pair:
    """2,000 characters of Markdown, beside markdown-it's CommonMark alone: no maths, colours or sanitiser."""
    text = texts.long_text(Random(2))
    plain = MarkdownIt("commonmark")
    return Pair(
        name="markdown_2000", value=lambda: partial(markdown.render, text), floor=lambda: partial(plain.render, text)
    )


@contextmanager
def left_as_it_was(found: data.DataSet) -> Iterator[None]:
    """Take back what was written, so that the next run measures the same data."""
    touched = [*found.short, *found.long, found.huge]
    mine = {"person_id": found.reader.person_id, "thread_id__in": touched}
    heads = list(Thread.objects.filter(pk__in=touched))
    states = list(ReadState.objects.filter(**mine))
    follows = list(ThreadFollow.objects.filter(**mine))
    people = [found.reader.person_id, found.teacher.person_id]
    try:
        yield
    finally:
        for head in heads:
            Post.objects.filter(thread=head, number__gt=head.last_number).delete()
        Thread.objects.bulk_update(heads, ["last_number", "reply_count", "last_at", "version"])
        ReadState.objects.filter(**mine).delete()
        ReadState.objects.bulk_create(states)
        ThreadFollow.objects.filter(**mine).delete()
        ThreadFollow.objects.bulk_create(follows)
        LtiSession.objects.filter(person_id__in=people).delete()
        UsedLogin.objects.all().delete()

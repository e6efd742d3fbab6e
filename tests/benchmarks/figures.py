"""What is measured: each page and verb beside its floor."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from random import Random
from time import time
from typing import Any

import jwt
from companion_lti import keys, sessions, state
from companion_lti.claims import LTI, NRPS
from companion_lti.launch import Launch
from companion_lti.models import LtiSession, Registration, UsedLogin
from companion_lti.tool import address_of
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.test import RequestFactory
from jwt.algorithms import RSAAlgorithm
from markdown_it import MarkdownIt

from companion import clock, keyset, markdown
from companion.threads.models import Post, ReadState, Thread
from companion.viewer import Viewer
from companion.web.mounting import path_for
from tests import http
from tests.benchmarks import data, floors, texts
from tests.benchmarks.blocks import block_figures
from tests.benchmarks.measure import Call, Pair, Web

ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"


def all_figures(found: data.DataSet) -> Iterator[Pair]:
    web = Web()
    reader, teacher = Visit(web, found.reader), Visit(web, found.teacher)
    yield from _lists(found, reader)
    yield from _threads(found, reader, teacher)
    yield from _polls(found, reader)
    yield _reply(found, reader)
    yield from _launches(found, web)
    yield from block_figures(found)
    yield _rendering()


class Visit:
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


def _lists(found: data.DataSet, reader: Visit) -> Iterator[Pair]:
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
    for name in ("sort=newest", "sort=unanswered", "only=unread", "only=mine"):
        yield _beside(f"list_{name.partition('=')[2]}", reader.get("thread-list", uid, query=name), floor)
    yield _beside("home", reader.get("space-home"), floor)


def _threads(found: data.DataSet, reader: Visit, teacher: Visit) -> Iterator[Pair]:
    short, long = found.short[0], found.long[0]
    yield _beside("thread_20", reader.get("thread-detail", short), f"/floor/thread/{short}/")
    yield _first_visit(reader, short)
    yield _beside("thread_1000", reader.get("thread-detail", long), f"/floor/thread/{long}/")
    last = reader.get("thread-detail", long, query="last=1")
    yield _beside("thread_1000_last", last, f"/floor/thread/{long}/?last=1", joint="&")
    yield _beside("thread_1000_staff", teacher.get("thread-detail", long), f"/floor/thread/{long}/")


def _first_visit(reader: Visit, thread_id: int) -> Pair:
    """Opening a thread for the first time writes down what was seen."""
    page = reader.get("thread-detail", thread_id)
    again = _beside("thread_20_unseen", page, f"/floor/thread/{thread_id}/")

    def unseen() -> Call:
        ReadState.objects.filter(person_id=reader.viewer.person_id, thread_id=thread_id).delete()
        return page

    return Pair(name=again.name, value=unseen, floor=again.floor)


def _polls(found: data.DataSet, reader: Visit) -> Iterator[Pair]:
    """An open page that asks and finds nothing new."""
    long = found.long[0]
    floor = reader.web.get(f"/floor/poll/{long}/", expect=304)
    thread = reader.get("thread-news", long, query=f"after={data.LONG}", expect=304)
    yield Pair(name="poll_thread", value=lambda: thread, floor=lambda: floor)
    body = reader.get("thread-list", found.activity.uid)().body.decode()
    since = body.partition('data-live-list="')[2].partition('"')[0].partition("?")[2]
    listed = reader.get("list-news", found.activity.uid, query=since, expect=304)
    yield Pair(name="poll_list", value=lambda: listed, floor=lambda: floor)


def _reply(found: data.DataSet, reader: Visit) -> Pair:
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


def _launches(found: data.DataSet, web: Web) -> Iterator[Pair]:
    """The signed message of somebody who has been here before, with the claims that a Moodle sends."""
    platform = Platform(found)
    registration_id = platform.registration.pk

    def check() -> Call:
        attempt = Launch(platform.request())
        return lambda: attempt.check().use()

    def floor_of_check() -> Call:
        token = platform.launch()["id_token"]
        return partial(floors.verify_and_read, token, floors.PUBLIC_KEYS[registration_id], registration_id)

    yield Pair(name="launch_validation", value=check, floor=floor_of_check)

    def launch() -> Call:
        form = platform.launch()
        return web.post("/lti/launch", form, platform.cookies(), expect=303)

    reader = found.reader
    query = f"deployment={found.deployment.pk}&space={reader.space_id}&person={reader.person_id}"

    def floor() -> Call:
        form = platform.launch()
        return web.post(f"/floor/launch/{registration_id}/?{query}", form, expect=303)

    yield Pair(name="launch", value=launch, floor=floor)


class Platform:
    """Signs launches. Its keys are held in the registration already, so that nothing is fetched."""

    key: RSAPrivateKey

    def __init__(self, found: data.DataSet) -> None:
        self.found = found
        self.registration: Registration = found.deployment.registration
        self.key = generate_private_key(public_exponent=65537, key_size=2048)
        jwk = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True) | {"kid": "1", "alg": "RS256", "use": "sig"}
        self.registration.platform_keys, self.registration.platform_keys_at = {"keys": [jwk]}, clock.now()
        self.registration.save()
        floors.PUBLIC_KEYS[self.registration.pk] = self.key.public_key()
        keys.platform_key(self.registration, "1")

    def launch(self) -> dict[str, str]:
        """The form that the browser brings, for a login that was just begun."""
        self.login, self.secret = state.start(registration_id=self.registration.pk)
        token = jwt.encode(self._claims(self.login.nonce), self.key, algorithm="RS256", headers={"kid": "1"})
        return {"state": state.dump(self.login), "id_token": token}

    def cookies(self) -> dict[str, str]:
        return {"Cookie": f"{self.login.cookie_name}={self.secret}"}

    def request(self) -> HttpRequest:
        """The launch as a request, its form read already: only the validation is timed."""
        request: WSGIRequest = RequestFactory(SERVER_NAME="localhost").post("/lti/launch", self.launch())
        request.COOKIES[self.login.cookie_name] = self.secret
        assert request.POST["state"]
        return request

    def _claims(self, nonce: str) -> dict[str, Any]:
        now = int(time())
        space = self.found.activity.space
        return {
            "iss": self.registration.issuer,
            "aud": self.registration.client_id,
            "sub": data.subject(data.TEACHERS),
            "iat": now,
            "exp": now + 60,
            "nonce": nonce,
            "name": self.found.reader.name,
            "given_name": "Ana",
            "family_name": "Torres",
            "email": "ana@example.com",
            LTI + "version": "1.3.0",
            LTI + "message_type": "LtiResourceLinkRequest",
            LTI + "deployment_id": self.found.deployment.deployment_id,
            LTI + "target_link_uri": address_of("launch"),
            LTI + "roles": [ROLE],
            LTI + "context": {"id": space.external_id, "title": space.title, "type": ["CourseSection"]},
            LTI + "resource_link": {"id": data.LINK, "title": "Discuss the unit", "description": ""},
            LTI + "tool_platform": {"product_family_code": "moodle", "version": "2024100700", "guid": "lms.example"},
            LTI + "launch_presentation": {"locale": "en", "document_target": "iframe", "return_url": data.ISSUER},
            LTI + "custom": {"context_id_history": "$Context.id.history", "groups": ""},
            NRPS: {"context_memberships_url": f"{data.ISSUER}/nrps", "service_versions": ["2.0"]},
        }


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
    mine = {"person_id": found.reader.person_id, "thread_id__in": [*found.short, *found.long]}
    heads = list(Thread.objects.filter(pk__in=[*found.short, *found.long]))
    states = list(ReadState.objects.filter(**mine))
    people = [found.reader.person_id, found.teacher.person_id]
    try:
        yield
    finally:
        for head in heads:
            Post.objects.filter(thread=head, number__gt=head.last_number).delete()
        Thread.objects.bulk_update(heads, ["last_number", "reply_count", "last_at", "version"])
        ReadState.objects.filter(**mine).delete()
        ReadState.objects.bulk_create(states)
        LtiSession.objects.filter(person_id__in=people).delete()
        UsedLogin.objects.all().delete()

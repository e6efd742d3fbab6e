"""The floors: what a page cannot cost less than in Django. Bare views under the same middleware, each with one
indexed query for the same rows and an answer of the same size, without a template, a session or a right checked.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode

from companion_lti import sessions
from companion_lti.models import LtiSession, Registration
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt

from companion import clock
from companion.threads.listing import THREADS_A_PAGE
from companion.threads.models import Post, Thread
from companion.threads.paths import child_path
from companion.threads.reading import POSTS_A_PAGE

_ROW = ("id", "title", "author_name", "pseudonym", "last_at", "last_number", "reply_count", "is_locked", "hidden_at")
_POST = ("number", "path", "author_id", "author_name", "pseudonym", "html", "created_at", "edited_at", "hidden_at")


def thread_list(request: HttpRequest, activity_id: int) -> HttpResponse:
    # `is_pinned=False` would be `NOT is_pinned`, which neither SQLite nor MariaDB looks up in an index.
    rows = Thread.objects.filter(activity_id=activity_id, is_pinned__in=[False])
    if "before" in request.GET:
        rows = rows.filter(last_at__lte=parse_datetime(request.GET["before"]))
    rows = rows.order_by("-last_at", "-id").values(*_ROW)[: THREADS_A_PAGE + 1]
    return _answer(request, [row["title"] for row in rows])


def thread_page(request: HttpRequest, thread_id: int) -> HttpResponse:
    order = "-path" if "last" in request.GET else "path"
    rows = Post.objects.filter(thread_id=thread_id).order_by(order).values(*_POST)[: POSTS_A_PAGE + 1]
    return _answer(request, [row["html"] for row in rows])


def poll(request: HttpRequest, thread_id: int) -> HttpResponse:
    Thread.objects.filter(pk=thread_id).values_list("last_number", flat=True).first()
    return HttpResponse(status=304)


@csrf_exempt
def reply(request: HttpRequest, thread_id: int) -> HttpResponse:
    """One INSERT and one UPDATE in a transaction. The number comes with the form, the HTML is the text."""
    number, body = int(request.POST["number"]), request.POST["body"]
    with transaction.atomic():
        Post.objects.create(
            thread_id=thread_id,
            number=number,
            parent_id=int(request.POST["parent"]),
            path=child_path(child_path("", 1), number),
            author_id=int(request.POST["author"]),
            body=body,
            html=body,
        )
        Thread.objects.filter(pk=thread_id).update(
            last_number=number, reply_count=F("reply_count") + 1, last_at=clock.now()
        )
    return _answer(request, [body])


@csrf_exempt
def launch(request: HttpRequest, registration_id: int) -> HttpResponse:
    """The signature, one row read, and the row of a session, which every launch must leave."""
    registration = verify_and_read(request.POST["id_token"], PUBLIC_KEYS[registration_id], registration_id)
    with transaction.atomic():
        LtiSession.objects.create(
            **sessions.new_names(),
            deployment_id=int(request.GET["deployment"]),
            organization_id=registration.organization_id,
            space_id=int(request.GET["space"]),
            person_id=int(request.GET["person"]),
            expires_at=clock.now() + sessions.expiry(),
        )
    return HttpResponse(status=303, headers={"Location": "/"})


def login(request: HttpRequest, registration_id: int) -> HttpResponse:
    """One row read, and off to the platform."""
    registration = Registration.objects.get(pk=registration_id)
    return HttpResponse(status=302, headers={"Location": registration.auth_login_url})


# Parsed keys by registration, put here by the figures.
PUBLIC_KEYS: dict[int, RSAPublicKey] = {}


def verify_and_read(token: str, key: RSAPublicKey, registration_id: int) -> Registration:
    """The floor of a launch: the token's signature and one row by its key. Not one claim is looked at."""
    signed, signature = token.encode().rsplit(b".", 1)
    key.verify(urlsafe_b64decode(signature + b"=="), signed, PKCS1v15(), SHA256())
    return Registration.objects.get(pk=registration_id)


def _answer(request: HttpRequest, texts: list[str]) -> HttpResponse:
    return HttpResponse("".join(texts).encode().ljust(int(request.GET["size"])))


urlpatterns = [
    path("floor/list/<int:activity_id>/", thread_list),
    path("floor/thread/<int:thread_id>/", thread_page),
    path("floor/poll/<int:thread_id>/", poll),
    path("floor/reply/<int:thread_id>/", reply),
    path("floor/launch/<int:registration_id>/", launch),
    path("floor/login/<int:registration_id>/", login),
    path("", include("tests.urls")),
]

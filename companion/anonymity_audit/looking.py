"""Everything that somebody can get to see of a course, as texts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Model
from django.test import RequestFactory

from companion.anonymity_audit.asking import Sample, ask, text_of
from companion.anonymity_audit.course import Course
from companion.anonymity_audit.isolation import Kept, rolled_back
from companion.anonymity_audit.pages import NAMING_PEOPLE, SAMPLES
from companion.anonymity_audit.people import AUTHORS
from companion.models import Expert, Membership, Person
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.viewer import Viewer

# Made by chance, in forms, cookies and the addresses of pictures. One pattern each: so they are found fast.
_RANDOM: Final = (
    re.compile(r"""(name="(?:submission|csrfmiddlewaretoken)" value=")[\w-]+"""),
    re.compile(r"(csrftoken=)\w+"),
    re.compile(r"(picture(?::|s/))[0-9a-f]{32}"),
)
_MODELS_NAMING_PEOPLE: Final[tuple[type[Model], ...]] = (Expert, Membership, Person)
# The admin site, among the names of pages.
ADMIN: Final = "admin"
# What the author looks at first.
_DRAWN: Final = ("space-home", "thread-list", "thread-detail")


@dataclass(frozen=True, order=True, slots=True)
class Look:
    """What was looked at: the name of a page, who asked, and how.

    `names_people`: it shows members by design, whatever they wrote.
    """

    page: str
    role: str
    asked: str
    names_people: bool = False


Looks = dict[Look, str]


def everything(course: Course, kept: Kept, roles: Collection[str], pages: Collection[str]) -> Looks:
    """These pages (ADMIN is the admin site) as everybody but the author, and what is written or sent beside them."""
    # First as the author: what a process keeps of pages that it has drawn must not be drawn for others.
    _texts(course, kept, _DRAWN, {"author": course.writer})
    readers = {role: viewer for role, viewer in course.readers.items() if role in roles}
    # In an LMS hundreds of models are registered that know nothing of ours.
    models = [model for model in apps.get_models() if model._meta.app_label.startswith("companion")]
    looks = _texts(course, kept, [page for page in SAMPLES if page in pages], readers) | _signed(course)
    if ADMIN in pages:
        looks |= _admin_site(course, kept, models, rows=len(AUTHORS))
    return looks | _behind(course, kept)


def people(course: Course, kept: Kept, roles: Collection[str], pages: Collection[str]) -> Looks:
    """What stands beside the names of people, with both who may be the author in every list of them."""
    readers = {role: viewer for role, viewer in course.readers.items() if role in roles}
    with rolled_back():
        for viewer in course.authors.values():
            spaces.mute_person(viewer=course.ben, person_id=viewer.person_id, days=7, reason="Too loud")
        looks = _texts(course, kept, [page for page in NAMING_PEOPLE if page in pages], readers) | _signed(course)
        if ADMIN in pages:
            looks |= _admin_site(course, kept, _MODELS_NAMING_PEOPLE, rows=0)
        return looks


def own(course: Course) -> Looks:
    """What the author takes along or shows around of the threads in which they signed nothing."""
    looks: Looks = {}
    for name in ("withdrawn", "hidden", "split", "moved", "group"):
        whole = Sample(args=(course.threads[name],))
        samples = [("thread-print", whole), ("thread-news", whole)]
        samples += [("thread-export", Sample(args=whole.args, fields={"format": how})) for how in ("markdown", "json")]
        samples.append(("post-detail", Sample(args=(*whole.args, 1), piece=True)))
        for page, sample in samples:
            answer = ask(course.writer, "visit of the author", page, sample)
            looks[Look(page, "author", sample.title(page))] = text_of(answer)
    return looks


def _texts(course: Course, kept: Kept, pages: Collection[str], readers: Mapping[str, Viewer]) -> Looks:
    """Each page as each reader, always from the same state: what a look or a form changes is taken back."""
    looks: Looks = {}
    for page in pages:
        for sample in SAMPLES[page](course):
            asked = _without_chance(course, sample.title(page))
            for role, viewer in readers.items():
                with rolled_back():
                    text = text_of(ask(viewer, f"visit of the {role}", page, sample))
                    kept.run_handlers()
                looks[Look(page, role, asked, page in NAMING_PEOPLE)] = _without_chance(course, text)
    return looks


def _admin_site(course: Course, kept: Kept, models: Iterable[type[Model]], *, rows: int) -> Looks:
    """The list of each model, and the pages of the first rows that the audit made: those of the two."""
    looks: Looks = {}
    for model in models:
        if apps.is_installed("django.contrib.admin") and admin.site.is_registered(model):
            made = model._default_manager.filter(pk__in=kept.ids.given.get(model, []))
            for pk in (None, *made.order_by("pk").values_list("pk", flat=True)[:rows]):
                page = f"admin {model._meta.label}"
                asked = f"{page}, {'the list' if pk is None else pk}"
                text = _admin_page(model, pk)
                looks[Look(page, "superuser", asked, model in _MODELS_NAMING_PEOPLE)] = _without_chance(course, text)
    return looks


def _admin_page(model: type[Model], pk: object) -> str:
    request = RequestFactory().get("/anonymity-audit/admin/")
    # Not stored: whoever may do everything needs no row for it.
    request.user = get_user_model()(is_active=True, is_staff=True, is_superuser=True)
    site = admin.site.get_model_admin(model)
    answer = site.changelist_view(request) if pk is None else site.change_view(request, str(pk))
    return text_of(answer.render() if hasattr(answer, "render") else answer)


def _signed(course: Course) -> Looks:
    """What an instructor's report counts."""
    lines = [
        f"{author.signs_as}: {threads.count_signed(activity=activity, person_id=viewer.person_id)}"
        for activity in course.activities
        for author, viewer in course.authors.items()
    ]
    return {Look("count_signed", "instructor", "count_signed of each activity", True): "\n".join(lines)}


def _behind(course: Course, kept: Kept) -> Looks:
    """What no page shows: events, the log, e-mail, tasks, files."""
    mail = [f"{message.recipients()} {message.subject}\n{message.body}" for message in kept.mail]
    found = {"event": kept.facts, "log": kept.log, "e-mail": mail, "task": kept.tasks, "file": kept.file_names()}
    return {
        Look(what, "the service", f"{what} {number}"): _without_chance(course, line)
        for what, lines in found.items()
        for number, line in enumerate(lines, start=1)
    }


def _without_chance(course: Course, text: str) -> str:
    for pattern in _RANDOM:
        text = pattern.sub(r"\1", text)
    for random, stands_for in course.random.items():
        text = text.replace(random, stands_for)
    return text

"""The audit passes, leaves nothing behind, and finds what is planted: each leak through a place where one could be."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from companion_lti.models import LtiSession
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core import mail
from django.core.cache import cache
from django.core.mail import send_mail
from django.core.management import CommandError, call_command
from django.urls import path

from companion import clock, events
from companion.anonymity_audit import audit, story
from companion.anonymity_audit.course import ROLES, Course
from companion.anonymity_audit.isolation import nothing_stays
from companion.anonymity_audit.pages import NAMING_PEOPLE, SAMPLES
from companion.anonymity_audit.people import QUILLA
from companion.models import Activity, AnonymousAuthor, HelpfulMark, Person, Post, Thread
from companion.spaces import api as spaces
from companion.tasks import task
from companion.threads import api as threads
from companion.threads import authors, exporting, viewing, writing
from companion.web import urls

# What the audit finds depends on no database; that nothing is to be found is asked of each.
pytestmark = pytest.mark.django_db

Plant = Callable[[pytest.MonkeyPatch], None]


def run(**options: object) -> str:
    """What the command says; raises CommandError where it finds something."""
    out = StringIO()
    call_command("audit_anonymity", stdout=out, **options)
    return out.getvalue()


def leaks(*roles: str, pages: Sequence[str] = ()) -> list[str]:
    out = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("audit_anonymity", stdout=out, role=list(roles), page=list(pages))
    assert failed.value.returncode == 1
    return out.getvalue().splitlines()


def author_of(post: Post | Thread) -> Person:
    thread_id = post.thread_id if isinstance(post, Post) else post.pk
    return AnonymousAuthor.objects.select_related("person").get(thread_id=thread_id, number=post.pseudonym).person


# -- it passes -----------------------------------------------------------------------------------------------


def rows() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def files() -> list[Path]:
    return sorted(Path(settings.MEDIA_ROOT).rglob("*"))


@pytest.mark.no_cover
def test_it_works_and_nothing_of_it_stays(course, caplog, django_capture_on_commit_callbacks):
    caplog.set_level(logging.INFO)
    heard: list[events.Fact] = []
    events.subscribe(events.ThreadStarted, heard.append)
    cache.set("ours", 1)
    before = rows(), files()
    try:
        with django_capture_on_commit_callbacks(execute=True):
            said = run()
    finally:
        events.unsubscribe(events.ThreadStarted, heard.append)
    renderings, anonymous = map(int, re.findall(r"\d+", said))
    assert renderings > 3_000
    assert anonymous > 500
    assert all(role in said for role in ROLES)
    assert (rows(), files()) == before
    assert heard == []
    assert [record for record in caplog.records if record.name.startswith("companion")] == []
    assert cache.get("ours") == 1
    assert mail.outbox == []


@pytest.mark.one_database
def test_nothing_stays_when_it_breaks_off(monkeypatch):
    def break_off(course):
        raise RuntimeError

    before = rows(), files()
    monkeypatch.setattr(audit, "go_on", break_off)
    with pytest.raises(RuntimeError):
        run(role=["outsider"])
    assert (rows(), files()) == before


def test_a_page_without_a_sample_is_refused(monkeypatch):
    forgotten = path("badges/", lambda request: None, name="badges")
    monkeypatch.setattr(urls, "urlpatterns", [*urls.urlpatterns, forgotten])
    assert leaks("learner") == [
        "badges as anybody: has no sample in companion/anonymity_audit/pages.py: nobody has looked at it"
    ]


@pytest.mark.no_cover
@pytest.mark.one_database
def test_a_reader_who_meets_no_anonymous_post_proves_nothing(monkeypatch):
    monkeypatch.setattr(audit, "WORDS", "in no post")
    assert leaks("learner") == ["every page as learner: has met no anonymous post"]


# -- planted leaks -------------------------------------------------------------------------------------------


def the_staff_reads_names(patch: pytest.MonkeyPatch) -> None:
    honest = authors.author_label

    def leaky(post, viewer, *, is_mine):
        label = honest(post, viewer, is_mine=is_mine)
        return replace(label, name=author_of(post).name) if viewer.is_staff and post.is_anonymous else label

    patch.setattr(viewing, "author_label", leaky)


def authors_read_their_own_name(patch: pytest.MonkeyPatch) -> None:
    honest = authors.author_label

    def leaky(post, viewer, *, is_mine):
        label = honest(post, viewer, is_mine=is_mine)
        return replace(label, name=f"{viewer.name} (you)") if is_mine and post.is_anonymous else label

    patch.setattr(viewing, "author_label", leaky)


def colours_follow_the_person(patch: pytest.MonkeyPatch) -> None:
    honest = authors.author_label

    def leaky(post, viewer, *, is_mine):
        label = honest(post, viewer, is_mine=is_mine)
        return replace(label, hue=author_of(post).pk % 12) if post.is_anonymous else label

    patch.setattr(viewing, "author_label", leaky)


def an_attribute_holds_the_id(patch: pytest.MonkeyPatch) -> None:
    honest = writing.read_text

    def leaky(body, *, viewer, **place):
        text = honest(body, viewer=viewer, **place)
        return replace(text, html=f'<div data-author="{viewer.person_id}">{text.html}</div>')

    patch.setattr(writing, "read_text", leaky)


def a_report_counts_what_is_anonymous(patch: pytest.MonkeyPatch) -> None:
    honest = threads.count_signed

    def leaky(*, activity, person_id):
        found = AnonymousAuthor.objects.filter(person_id=person_id, thread__activity_id=activity.pk)
        written = honest(activity=activity, person_id=person_id)
        return replace(written, threads=written.threads + found.count())

    patch.setattr(threads, "count_signed", leaky)


def an_export_says_who(patch: pytest.MonkeyPatch) -> None:
    honest = exporting._as_dict

    def leaky(view, source):
        post = Post.objects.get(thread_id=view.thread_id, number=view.number)
        return honest(view, source) | ({"by": author_of(post).email} if post.is_anonymous else {})

    patch.setattr(exporting, "_as_dict", leaky)


def a_post_says_whom_it_helped(patch: pytest.MonkeyPatch) -> None:
    def leaky(post):
        marks = HelpfulMark.objects.filter(post=post).values_list("person__name", flat=True)
        return ", ".join(marks) or authors.endorser_label(post)

    patch.setattr(viewing, "endorser_label", leaky)


def a_history_is_open_to_all(patch: pytest.MonkeyPatch) -> None:
    honest = threads.get_history

    def leaky(*, viewer, thread_id, number):
        post = Post.objects.get(thread_id=thread_id, number=number)
        reader = replace(viewer, person_id=author_of(post).pk) if post.is_anonymous else viewer
        return honest(viewer=reader, thread_id=thread_id, number=number)

    patch.setattr(threads, "get_history", leaky)


def a_file_is_named_after_its_author(patch: pytest.MonkeyPatch) -> None:
    pattern = next(pattern for pattern in urls.urlpatterns if pattern.name == "thread-export")
    honest = pattern.callback

    def leaky(request, thread_id):
        response, thread = honest(request, thread_id), Thread.objects.get(pk=thread_id)
        if thread.is_anonymous and thread.moved_to_id is None:
            response.headers["Content-Disposition"] = f'attachment; filename="{author_of(thread).subject}.md"'
        return response

    patch.setattr(pattern, "callback", leaky)


def an_event_names_the_author(patch: pytest.MonkeyPatch) -> None:
    def leaky(event):
        if event.person_id is None:
            thread = Thread.objects.get(pk=event.thread_id)
            number = event.number if isinstance(event, events.PostAdded) else 1
            event = replace(event, person_id=author_of(thread.posts.get(number=number)).pk)
        events.announce(event)

    patch.setattr(writing, "announce", leaky)


def an_anonymous_author_can_be_muted(patch: pytest.MonkeyPatch) -> None:
    honest = threads.mute_author

    def leaky(*, viewer, thread_id, number, days, reason):
        post = Post.objects.get(thread_id=thread_id, number=number)
        if post.is_anonymous:
            spaces.mute_person(viewer=viewer, person_id=author_of(post).pk, days=days, reason=reason)
        else:
            honest(viewer=viewer, thread_id=thread_id, number=number, days=days, reason=reason)

    patch.setattr(threads, "mute_author", leaky)


def the_busiest_are_suggested_first(patch: pytest.MonkeyPatch) -> None:
    honest = spaces.find_members

    def leaky(**wanted):
        written = AnonymousAuthor.objects
        return sorted(honest(**wanted), key=lambda member: -written.filter(person_id=member.person_id).count())

    patch.setattr(spaces, "find_members", leaky)


def the_admin_site_lists_who_wrote(patch: pytest.MonkeyPatch) -> None:
    def writers(activity):
        names = AnonymousAuthor.objects.filter(thread__activity=activity).values_list("person__name", flat=True)
        return ", ".join(sorted(set(names)))

    patch.setattr(type(admin.site.get_model_admin(Activity)), "list_display", ("title", writers))


LEARNERS = {
    colours_follow_the_person: r"thread-detail threads/\d+/.* as learner: depends on who wrote .*hue-",
    an_attribute_holds_the_id: r"post-detail threads/\d+/posts/\d+/.* as learner: shows the id",
    a_report_counts_what_is_anonymous: r"count_signed .* as instructor: changes when somebody",
    an_export_says_who: r"thread-export .*POST format=json as learner: shows the e-mail address",
    a_history_is_open_to_all: r"post-history threads/\d+/posts/\d+/history/ as learner: shows the name",
    a_file_is_named_after_its_author: r"thread-export .* as learner: shows the platform's id",
    an_event_names_the_author: r"event \d+ as the service: depends on who wrote .*person_id=",
}
ASSISTANTS = {
    authors_read_their_own_name: r"thread-export .* as author: shows the name",
    a_post_says_whom_it_helped: r"thread-print threads/\d+/print/ as assistant: shows the name",
    an_anonymous_author_can_be_muted: r"moderation-muted .* as assistant: depends on who wrote",
    the_busiest_are_suggested_first: r"people .*\?q=Y.* as assistant: changes when somebody listed",
    the_admin_site_lists_who_wrote: r"admin companion.Activity, the list as superuser: shows the name",
}
# Of those that are planted together, none looks like another.
ALONE = {the_staff_reads_names: r"thread-detail threads/\d+/.* as assistant: shows the name"}


@pytest.mark.one_database
@pytest.mark.parametrize(("role", "planted"), [("learner", LEARNERS), ("assistant", ASSISTANTS), ("assistant", ALONE)])
def test_each_planted_leak_is_found(monkeypatch, role, planted):
    for plant in planted:
        plant(monkeypatch)
    lines = leaks(role, pages=[found.split()[0] for found in planted.values()])
    for plant, found in planted.items():
        assert [line for line in lines if re.match(found, line)], plant


@task()
def thank(person_id: int) -> None: ...


@pytest.mark.one_database
def test_what_leaves_the_service_is_found(monkeypatch):
    honest = writing._count_post

    def leaky(viewer):
        logging.getLogger("companion.threads").info("%s wrote", viewer.name)
        thank.enqueue(person_id=viewer.person_id)
        send_mail("News", f"{viewer.name} wrote", None, ["ben@example.com"])
        honest(viewer)

    monkeypatch.setattr(writing, "_count_post", leaky)
    lines = leaks("learner", pages=["post-reply"])
    for what, secret in (("log", "name"), ("e-mail", "name"), ("task", "id")):
        assert [line for line in lines if re.match(rf"{what} \d+ as the service: shows the {secret}", line)], what


# -- what hosts add ------------------------------------------------------------------------------------------


@pytest.mark.no_cover
def test_no_mount_shows_more(reader):
    """The audit has a mount of its own; the real ones add headers, cookies and frames."""
    with nothing_stays() as kept, kept.ids.used():
        course = Course(QUILLA, organization="Northwind", moment=clock.now() - audit.BEGAN, after=kept.run_handlers)
        for part in (story.write_by_name, story.write_anonymously, story.go_on):
            part(course)
        reader(course.writer)
        handles = LtiSession.objects.filter(person_id=course.writer.person_id).values_list("handle", flat=True)
        # Where ids are small, one stands on every page by chance.
        ids = [str(course.writer.person_id)] if kept.ids.are_distinctive else []
        secrets = [*(text for _what, text in QUILLA.secrets), *ids, *handles]
        seen = 0
        for role in ("learner", "assistant"):
            person = reader(course.readers[role])
            for name in SAMPLES.keys() - NAMING_PEOPLE:
                for sample in SAMPLES[name](course):
                    if sample.fields is None and not sample.block:
                        answer = person.get(name, *sample.args, htmx=sample.piece, **sample.query)
                        head = "\n".join(f"{key}: {value}" for key, value in answer.items())
                        text = f"{head}\n{answer.cookies}\n{answer.content.decode(errors='replace')}"
                        assert [secret for secret in secrets if secret.lower() in text.lower()] == [], name
                        seen += story.WORDS in text
        assert seen > 50

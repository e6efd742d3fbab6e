"""Every page, piece and header, as every role, before and after an anonymous post: nothing leads to its author."""

from __future__ import annotations

import re

import pytest

from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.viewer import Role
from tests.people import course as make_course
from tests.people import join

SECRETS = ("Quilla", "Yupanqui", "quilla@secret.example", "sub-of-quilla-77")


@pytest.fixture
def course(db):
    return make_course()


@pytest.fixture
def quilla(course):
    spaces.admit_person(
        organization_id=course.space.organization_id,
        issuer=course.space.issuer,
        subject="sub-of-quilla-77",
        name="Quilla Yupanqui",
        email="quilla@secret.example",
    )
    return join(course.space, "sub-of-quilla-77", "Quilla Yupanqui")


def everything(reader, course, thread) -> dict[str, str]:
    """All that can be fetched of a discussion, by a viewer's role."""
    viewers = {
        "learner": course.ana,
        "nameless": course.nameless,
        "instructor": course.ben,
        "assistant": join(course.space, "tia", "Tia", Role.ASSISTANT),
        "administrator": join(course.space, "adm", "Adam", Role.ADMINISTRATOR),
    }
    pages: dict[str, str] = {}
    for role, viewer in viewers.items():
        person = reader(viewer)
        for name, args, query in (
            ("space-home", (), {}),
            ("thread-list", (course.activity.uid,), {}),
            ("thread-list", (course.activity.uid,), {"sort": "newest"}),
            ("thread-list", (course.activity.uid,), {"only": "unread"}),
            ("list-news", (course.activity.uid,), {}),
            ("thread-detail", (thread.pk,), {}),
            ("thread-detail", (thread.pk,), {"post": 2}),
            ("thread-news", (thread.pk,), {"after": 0}),
            ("post-detail", (thread.pk, 1), {"htmx": True}),
            ("post-detail", (thread.pk, 2), {"htmx": True}),
            ("post-reply", (thread.pk, 2), {}),
            ("post-edit", (thread.pk, 2), {}),
            ("post-delete", (thread.pk, 2), {}),
            ("post-hide", (thread.pk, 2), {}),
        ):
            answer = person.get(name, *args, **query)
            headers = "\n".join(f"{key}: {value}" for key, value in answer.items())
            pages[f"{role} {name} {query}"] = f"{headers}\n{answer.content.decode()}"
    return pages


def leaks(pages: dict[str, str], secrets) -> list[str]:
    return [f"{page}: {secret}" for page, text in pages.items() for secret in secrets if secret.lower() in text.lower()]


def test_it_works(course, quilla, reader):
    thread = threads.start_thread(
        viewer=quilla, activity_uid=course.activity.uid, title="Shy", body="A question", anonymous=True
    )
    threads.add_reply(viewer=quilla, thread_id=thread.pk, body="And another thing", anonymous=True)
    threads.edit_post(viewer=quilla, thread_id=thread.pk, number=2, body="And one more thing")
    pages = everything(reader, course, thread)
    assert sum("And one more thing" in text for text in pages.values()) > 20
    assert leaks(pages, SECRETS) == []
    assert [
        page for page, text in pages.items() if re.search(rf"\b(person|author|data-\w+)=\"?{quilla.person_id}\b", text)
    ] == []


def test_a_named_post_beside_it_does_not_give_it_away(course, quilla, reader):
    thread = threads.start_thread(
        viewer=quilla, activity_uid=course.activity.uid, title="Shy", body="A question", anonymous=True
    )
    threads.add_reply(viewer=quilla, thread_id=thread.pk, body="By name")
    page = reader(course.ben).get("thread-detail", thread.pk).content.decode()
    anonymous, named = re.findall(r"<article.*?</article>", page, re.DOTALL)
    assert leaks({"anonymous": anonymous}, SECRETS) == []
    assert leaks({"named": named}, SECRETS[:1]) == ["named: Quilla"]
    # The two are drawn with nothing in common: neither colour nor initials nor number.
    marks = [set(re.findall(r'hue-\d+|aria-hidden="true">(\w\w?|\?)<', text)) for text in (anonymous, named)]
    assert not marks[0] & marks[1] - {""}


@pytest.mark.parametrize("leak", ["name", "label", "title attribute"])
def test_the_search_for_leaks_finds_a_planted_one(course, quilla, reader, monkeypatch, leak):
    thread = threads.start_thread(
        viewer=quilla, activity_uid=course.activity.uid, title="Shy", body="A question", anonymous=True
    )
    threads.add_reply(viewer=quilla, thread_id=thread.pk, body="More", anonymous=True)
    if leak == "name":
        thread.posts.filter(number=2).update(pseudonym=None, author_name="Quilla Yupanqui")
    elif leak == "label":
        from companion.threads import authors, reading

        honest = authors.author_label

        def leaky(post, viewer, *, is_mine):
            from dataclasses import replace

            return replace(honest(post, viewer, is_mine=is_mine), initials="Quilla")

        monkeypatch.setattr(reading, "author_label", leaky)
    else:
        thread.posts.filter(number=2).update(html='<p title="quilla@secret.example">More</p>')
    assert leaks(everything(reader, course, thread), SECRETS)

"""When an account is erased: names go, posts stay or go as the organization decided, and nobody else loses a word."""

from __future__ import annotations

from typing import Any

import pytest

from companion.models import AnonymousAuthor, GroupMembership, Membership, Person, Post, ReadState, Thread
from companion.openedx import people
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.viewer import Role, Viewer
from tests.openedx.conftest import OTHER_COURSE


@pytest.fixture(autouse=True)
def _connected(plugged_in: Any) -> None:
    """Every test here hears what the platform sends."""


@pytest.fixture
def ana_view(ana: Any, visit: Any) -> Viewer:
    return visit(ana)


@pytest.fixture
def ben_view(ben: Any, visit: Any) -> Viewer:
    return visit(ben)


@pytest.fixture
def chen_view(chen: Any, visit: Any) -> Viewer:
    return visit(chen)


@pytest.fixture
def activity(ben_view: Viewer) -> spaces.Activity:
    return spaces.create_activity(viewer=ben_view, title="Discuss", external_id="unit")


@pytest.fixture
def written(activity: spaces.Activity, ana_view: Viewer, chen_view: Viewer, ben_view: Viewer) -> list[Thread]:
    """Four threads: Ana's with a reply of Chen's and one of her own, Chen's with two replies of hers, one of them
    anonymous, an anonymous one of Ana's that nobody answered, and Chen's without her.
    """
    hers, chens, secret, others = (
        threads.start_thread(
            viewer=viewer, activity_uid=activity.uid, title=f"{title} title", body=f"{title} text", anonymous=anonymous
        )
        for viewer, title, anonymous in (
            (ana_view, "Hers", False),
            (chen_view, "Chens", False),
            (ana_view, "Secret", True),
            (chen_view, "Others", False),
        )
    )
    for viewer, thread, body, anonymous in (
        (chen_view, hers, "Chen helps", False),
        (ana_view, hers, "Ana thanks", False),
        (ana_view, chens, "Ana knows", False),
        (ana_view, chens, "Ana whispers", True),
        (ben_view, chens, "Ben agrees", False),
        (ben_view, others, "Ben adds", False),
    ):
        threads.add_reply(viewer=viewer, thread_id=thread.pk, body=body, anonymous=anonymous)
    people.set_cohorts(space_id=ana_view.space_id, person_id=ana_view.person_id, names=["Night shift"])
    return [hers, chens, secret, others]


def retire(lms: Any, user: Any) -> None:
    lms.retiring.send(sender=None, user=user)


def names(thread: Thread, viewer: Viewer) -> list[str]:
    found = threads.get_thread(viewer=viewer, thread_id=thread.pk)
    return [post.author.name for post in threads.read_thread(viewer=viewer, thread=found).posts]


def texts(thread: Thread, viewer: Viewer) -> list[str]:
    found = threads.get_thread(viewer=viewer, thread_id=thread.pk)
    page = threads.read_thread(viewer=viewer, thread=found)
    return [post.html.removeprefix("<p>").removesuffix("</p>\n") for post in page.posts]


def listed(activity: spaces.Activity, viewer: Viewer) -> dict[str, tuple[str, int]]:
    """Titles to authors and numbers of replies, as the list shows them."""
    rows = threads.list_threads(viewer=viewer, activity=activity).rows
    return {row.title: (row.author.name, row.reply_count) for row in rows}


def counted(thread: Thread) -> int:
    return thread.posts.filter(number__gt=1, deleted_at=None, hidden_at=None).count()


def test_who_retires_leaves_the_text_and_takes_the_name(written, activity, lms, ana, ana_view, chen_view):
    hers, chens, _secret, others = written
    threads.mark_seen(viewer=ana_view, thread=threads.get_thread(viewer=ana_view, thread_id=others.pk))
    retire(lms, ana)
    assert names(hers, chen_view) == ["Former participant", "chen (you)", "Former participant"]
    assert names(chens, chen_view) == ["chen (you)", "Former participant", "Learner 1", "ben"]
    assert texts(hers, chen_view) == ["Hers text", "Chen helps", "Ana thanks"]
    assert listed(activity, chen_view) == {
        "Hers title": ("Former participant", 2),
        "Chens title": ("chen (you)", 3),
        "Secret title": ("Learner 1", 0),
        "Others title": ("chen (you)", 1),
    }
    assert not AnonymousAuthor.objects.filter(person_id=ana_view.person_id).exists()
    assert not ReadState.objects.filter(person_id=ana_view.person_id).exists()


@pytest.mark.parametrize("posts", ["keep", "delete"])
def test_nothing_in_any_row_names_who_retired(written, lms, ana, ana_view, settings, posts):
    settings.COMPANION_RETIRED_POSTS = posts
    person = Person.objects.get(pk=ana_view.person_id)
    key = person.key
    retire(lms, ana)
    person.refresh_from_db()
    assert (person.name, person.email, person.picture_url, person.locale) == ("", "", "", "")
    assert str(ana.pk) != person.subject
    assert not Person.objects.filter(key=key).exists()
    assert not Membership.objects.filter(person=person).exists()
    assert not GroupMembership.objects.filter(person=person).exists()
    for model in (Post, Thread):
        assert not model.objects.filter(author_id=person.pk).exists()
        assert not model.objects.filter(author_name="ana").exists()
    for model in (AnonymousAuthor, ReadState):
        assert not model.objects.filter(person_id=person.pk).exists()


def test_where_the_organization_wants_it_the_posts_go_too(written, activity, lms, ana, chen_view, settings):
    settings.COMPANION_RETIRED_POSTS = "delete"
    hers, chens, secret, others = written
    retire(lms, ana)
    # A thread that others answered keeps its place; one that nobody did is gone.
    assert listed(activity, chen_view) == {
        "(taken back by its author)": ("Former participant", 1),
        "Chens title": ("chen (you)", 1),
        "Others title": ("chen (you)", 1),
    }
    assert texts(hers, chen_view) == ["", "Chen helps"]
    assert texts(chens, chen_view) == ["Chens text", "Ben agrees"]
    assert texts(others, chen_view) == ["Others text", "Ben adds"]
    for thread in Thread.objects.all():
        assert thread.reply_count == counted(thread)
    told = str(list(Post.objects.values("body", "html"))) + str(list(Thread.objects.values("title")))
    for word in ("Ana", "Hers", "Secret"):
        assert word not in told
    assert Thread.objects.get(pk=secret.pk).deleted_at is not None


def test_what_she_had_taken_back_herself_and_what_was_hidden_goes_with_the_rest(
    written, lms, ana, ana_view, ben_view, settings
):
    settings.COMPANION_RETIRED_POSTS = "delete"
    hers, chens, _secret, _others = written
    threads.delete_post(viewer=ana_view, thread_id=hers.pk, number=3)
    threads.hide_post(viewer=ben_view, thread_id=hers.pk, number=2, reason="Off topic")
    threads.hide_post(viewer=ben_view, thread_id=chens.pk, number=2, reason="Off topic")
    taken_back = Post.objects.get(thread=hers, number=3).deleted_at
    retire(lms, ana)
    assert not Post.objects.filter(body__contains="Ana").exists()
    assert Post.objects.get(thread=hers, number=3).deleted_at == taken_back
    assert [Thread.objects.get(pk=thread.pk).reply_count for thread in (hers, chens)] == [0, 1]
    assert [counted(thread) for thread in (hers, chens)] == [0, 1]


@pytest.mark.parametrize("posts", ["keep", "delete"])
def test_other_peoples_words_stay_as_they_are(written, lms, ana, ana_view, chen_view, settings, posts):
    settings.COMPANION_RETIRED_POSTS = posts
    mine = Post.objects.exclude(author_id=ana_view.person_id).filter(pseudonym=None)
    before = list(mine.order_by("pk").values("pk", "author_id", "author_name", "body", "html", "deleted_at"))
    states = set(ReadState.objects.exclude(person_id=ana_view.person_id).values_list("pk", flat=True))
    retire(lms, ana)
    assert len(before) == 5
    pks = [row["pk"] for row in before]
    after = Post.objects.filter(pk__in=pks).order_by("pk")
    assert list(after.values("pk", "author_id", "author_name", "body", "html", "deleted_at")) == before
    assert set(ReadState.objects.values_list("pk", flat=True)) == states
    assert Membership.objects.filter(person_id=chen_view.person_id, left_at=None).exists()


def test_another_anonymous_author_stays_unknown_and_able_to_edit(written, lms, ana, chen_view):
    _hers, chens, _secret, _others = written
    reply = threads.add_reply(viewer=chen_view, thread_id=chens.pk, body="Chen whispers", anonymous=True)
    retire(lms, ana)
    assert names(chens, chen_view)[-1] == "Anonymous (you)"
    threads.edit_post(viewer=chen_view, thread_id=chens.pk, number=reply.number, body="Chen says")


def test_a_moderator_who_retires_leaves_posts_hidden_by_nobody(written, lms, ben, ben_view, chen_view):
    _hers, chens, _secret, _others = written
    threads.hide_post(viewer=ben_view, thread_id=chens.pk, number=2, reason="Off topic")
    retire(lms, ben)
    post = Post.objects.get(thread=chens, number=2)
    assert (post.hidden_by_id, post.hidden_at is None, post.hidden_reason) == (None, False, "Off topic")
    assert texts(chens, chen_view)[1] == ""


def snapshot() -> dict[str, list[Any]]:
    models = (Person, Membership, Post, Thread, AnonymousAuthor, ReadState, GroupMembership)
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


@pytest.mark.parametrize("posts", ["keep", "delete"])
def test_twice_is_once(written, lms, ana, settings, posts):
    settings.COMPANION_RETIRED_POSTS = posts
    retire(lms, ana)
    once = snapshot()
    retire(lms, ana)
    assert snapshot() == once


def test_it_is_done_as_a_whole_or_not_at_all(written, lms, ana, ana_view, chen_view, monkeypatch):
    """The platform's pipeline tries again after an error: it must find the person that is left to do."""
    before = snapshot()
    with monkeypatch.context() as broken:
        broken.setattr(threads, "retire_authors", lambda **_facts: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            retire(lms, ana)
    assert snapshot() == before
    retire(lms, ana)
    assert names(written[0], chen_view)[0] == "Former participant"


def test_somebody_whom_we_never_saw_retires_without_a_trace(written, lms):
    before = snapshot()
    retire(lms, lms.account("eve"))
    assert snapshot() == before


def test_who_retires_is_forgotten_by_every_organization(lms, ana, visit):
    lms.enrol(ana, OTHER_COURSE)
    visit(ana)
    lms.of_organizations["Northwind", "COMPANION_ORGANIZATION"] = "Northwind Rail"
    visit(ana, OTHER_COURSE)
    retire(lms, ana)
    assert list(Person.objects.values_list("name", flat=True)) == ["", ""]


def test_the_same_account_would_be_a_new_person(written, lms, ana, ana_view, visit):
    retire(lms, ana)
    again = visit(ana)
    assert again.person_id != ana_view.person_id
    assert names(written[0], again)[0] == "Former participant"
    assert [post.can_edit for post in read(written[2], again)] == [False]
    assert Person.objects.filter(name="ana").count() == 1
    assert again.role is Role.LEARNER


def read(thread: Thread, viewer: Viewer) -> list[threads.PostView]:
    found = threads.get_thread(viewer=viewer, thread_id=thread.pk)
    return threads.read_thread(viewer=viewer, thread=found).posts

"""The discussion's migrations, forwards and backwards, with rows of the release before in the tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps.registry import Apps
from django.db import IntegrityError, transaction

from companion import clock, models
from companion.threads import api as threads
from companion.threads.paths import child_path
from companion.viewer import Role, Viewer
from tests.companion.threads.stories import check_counts, numbers, reply, view
from tests.migrating import migrate
from tests.people import course as make_course

BEFORE = ("companion", "0002_read_marks")
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def before() -> Iterator[Apps]:
    """The tables of the release before. Whatever happens, those of this one are there at the end."""
    yield migrate(BEFORE)
    migrate()


def write(apps: Apps, *, answered: int = 1) -> dict[str, int]:
    """A thread as the release before wrote it: replies to replies, a deleted one that was answered and one that was
    not, a hidden one, an anonymous author, somebody who has read.
    """

    def make(model: str, /, **values):
        return apps.get_model("companion", model).objects.create(**values)

    owner = make("Organization", name="Northwind", slug="northwind")
    space = make("Space", organization_id=owner.pk, issuer="i", external_id="c", key="s" * 64)
    ana = make("Person", organization_id=owner.pk, issuer="i", subject="ana", key="a" * 64, name="Ana Torres")
    ben = make("Person", organization_id=owner.pk, issuer="i", subject="ben", key="b" * 64, name="Ben Okafor")
    make("Membership", space_id=space.pk, person_id=ana.pk, role="learner")
    activity = make("Activity", space_id=space.pk, key="x" * 64, title="Discuss", settings={"prompt": ""})
    count = 5 + answered
    thread = make(
        "Thread",
        activity_id=activity.pk,
        space_id=space.pk,
        title="Who declares?",
        pseudonym=1,
        last_number=count,
        reply_count=count - 4,
        created_at=clock.now(),
    )
    make("AnonymousAuthor", thread_id=thread.pk, number=1, person_id=ana.pk)
    make("ReadState", thread_id=thread.pk, person_id=ana.pk, seen_number=2)
    make("ReadMark", activity_id=activity.pk, person_id=ben.pk, read_until=clock.now())
    posts = {}

    def post(number: int, parent: int | None = None, **values) -> None:
        author = values if "pseudonym" in values else {"author_id": ben.pk, "author_name": "Ben", **values}
        above = posts.get(parent)
        place = {"number": number, "parent": above, "path": child_path(above.path if above else "", number)}
        posts[number] = make("Post", thread_id=thread.pk, body="x", html="<p>x</p>", **place, **author)

    post(1, pseudonym=1)
    post(2, 1, deleted_at=clock.now())
    post(3, 2)
    post(4, 1, deleted_at=clock.now())
    post(5, 1, hidden_at=clock.now(), hidden_reason="r", hidden_by_id=ben.pk)
    for number in range(6, count + 1, 2):
        post(number, 1)
        if number < count:
            post(number + 1, number)
    return {"thread": thread.pk, "space": space.pk, "organization": owner.pk, "ana": ana.pk, "ben": ben.pk}


def viewers(made: dict[str, int]) -> tuple[Viewer, Viewer]:
    place = {"organization_id": made["organization"], "space_id": made["space"]}
    return (
        Viewer(**place, person_id=made["ana"], name="Ana Torres"),
        Viewer(**place, person_id=made["ben"], name="Ben Okafor", role=Role.INSTRUCTOR),
    )


def test_it_works(before):
    made = write(before, answered=1_101)
    migrate()
    ana, ben = viewers(made)
    thread = models.Thread.objects.get(pk=made["thread"])
    # A deleted post that was answered keeps its tombstone, one that was not is gone.
    assert numbers(ana, thread)[:6] == [1, 2, 3, 5, 6, 7]
    assert view(ana, thread, 2).is_deleted
    assert (view(ana, thread, 1).author.name, view(ben, thread, 1).author.name) == ("Anonymous (you)", "Learner 1")
    assert view(ben, thread, 5).reason == "r"
    later = thread.posts.filter(number__gt=5, has_replies=True).values_list("number", flat=True)
    assert set(later) == set(range(6, 1_106, 2))
    assert reply(ana, thread, "And now?", to=3, anonymous=True).pseudonym == 1
    threads.mark_helpful(viewer=ana, thread_id=thread.pk, number=3, helpful=True)
    check_counts(thread)


def test_there_and_back_and_the_release_before_beside_this_one(before):
    """For as long as both are running (CONTRIBUTING.md, Migrations)."""
    migrate()
    made = write(before)
    ana, ben = viewers(made)
    thread = models.Thread.objects.get(pk=made["thread"])
    assert {1, 3, 5, 6} <= set(numbers(ana, thread))
    assert (thread.kind, thread.helpful_count, thread.is_merged, thread.to_space) == ("discussion", 0, False, False)
    reply(ana, thread, "Later, @Ben Okafor", anonymous=True)
    threads.mark_helpful(viewer=ana, thread_id=thread.pk, number=3, helpful=True)
    threads.edit_post(viewer=ben, thread_id=thread.pk, number=3, body="Other words")
    threads.hide_post(viewer=ben, thread_id=thread.pk, number=6, reason="r")
    back = migrate(BEFORE)
    assert list(back.get_model("companion", "Post").objects.order_by("number").values_list("number", "body")) == [
        (1, "x"),
        (2, "x"),
        (3, "Other words"),
        (4, "x"),
        (5, "x"),
        (6, "x"),
        (7, "Later, @Ben Okafor"),
    ]
    assert back.get_model("companion", "AnonymousAuthor").objects.count() == 1
    migrate()
    assert numbers(ana, thread) == [1, 2, 3, 5, 6, 7]


def test_one_stage_an_activity_and_one_mark_a_person_is_the_databases_promise(db):
    course = make_course()
    facts = {"activity": course.activity, "space_id": course.space.pk, "title": "T"}
    models.Thread.objects.create(**facts, stage="before")
    for wrong in ({"stage": "before"}, {"kind": "nonsense"}, {"author_id": course.ana.person_id, "pseudonym": 1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            models.Thread.objects.create(**facts, **wrong)
    for _another in range(2):
        models.Thread.objects.create(**facts)

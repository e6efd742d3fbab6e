"""What a platform's groups mean: nothing, who writes, or who sees."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from companion.errors import Conflict, InvalidInput, NotAllowed, NotFound
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.viewer import Viewer
from tests.companion.threads.stories import another_activity, configure, reply, rows, start, texts, view
from tests.people import Course, join
from tests.people import course as make_course


@dataclass(frozen=True)
class Grouped:
    """Ana and Eve are in the red group, Chen in the blue one, the nameless one in both, Finn in none."""

    course: Course
    ana: Viewer
    eve: Viewer
    chen: Viewer
    both: Viewer
    finn: Viewer
    red: int
    blue: int

    @property
    def ben(self) -> Viewer:
        return self.course.ben


def grouped(mode: str, **settings: str) -> Grouped:
    course = make_course(groups=mode, **settings)

    def into(viewer: Viewer, *named: str) -> Viewer:
        ids = spaces.set_groups(space_id=course.space.pk, person_id=viewer.person_id, external_ids=named)
        return replace(viewer, group_ids=ids)

    people = {
        "ana": into(course.ana, "red"),
        "eve": into(join(course.space, "eve", "Eve Adams"), "red"),
        "chen": into(course.chen, "blue"),
        "both": into(course.nameless, "red", "blue"),
        "finn": into(join(course.space, "finn", "Finn Berg")),
    }
    (red,), (blue,) = people["ana"].group_ids, people["chen"].group_ids
    return Grouped(course=course, red=red, blue=blue, **people)


@pytest.fixture
def separate(db: None) -> Grouped:
    return grouped("separate")


@pytest.fixture
def visible(db: None) -> Grouped:
    return grouped("visible")


def group_of(thread) -> int | None:
    thread.refresh_from_db()
    return thread.group_id


def seen(story: Grouped, viewer: Viewer) -> list[str]:
    return [row.title for row in rows(story.course, viewer)]


def test_it_works(separate):
    red = start(separate.course, separate.ana, title="Red")
    start(separate.course, separate.chen, title="Blue")
    start(separate.course, separate.ben, title="All")
    assert seen(separate, separate.ana) == ["All", "Red"]
    assert seen(separate, separate.chen) == ["All", "Blue"]
    assert seen(separate, separate.both) == seen(separate, separate.ben) == ["All", "Blue", "Red"]
    assert seen(separate, separate.finn) == ["All"]
    assert [row.title for row in threads.list_recent(viewer=separate.chen)] == ["All"]
    assert reply(separate.eve, red).number == 2
    assert {row.title: row.group for row in rows(separate.course, separate.ben)} == {
        "All": "",
        "Blue": "blue",
        "Red": "red",
    }


@pytest.mark.parametrize(
    "verb",
    [
        lambda viewer, thread: threads.get_thread(viewer=viewer, thread_id=thread.pk),
        lambda viewer, thread: threads.get_post(viewer=viewer, thread_id=thread.pk, number=1),
        lambda viewer, thread: threads.get_history(viewer=viewer, thread_id=thread.pk, number=1),
        lambda viewer, thread: threads.export_thread(viewer=viewer, thread_id=thread.pk),
        lambda viewer, thread: threads.find_moved(viewer=viewer, thread_id=thread.pk),
        lambda viewer, thread: threads.follow_thread(viewer=viewer, thread_id=thread.pk, following=True),
        lambda viewer, thread: threads.mark_helpful(viewer=viewer, thread_id=thread.pk, number=1, helpful=True),
        reply,
    ],
)
def test_another_groups_thread_is_not_there(separate, verb):
    thread = start(separate.course, separate.ana)
    for viewer in (separate.chen, separate.finn):
        with pytest.raises(NotFound):
            verb(viewer, thread)


def test_where_groups_are_visible_all_read_and_each_group_writes(visible):
    thread = start(visible.course, visible.ana, title="Red")
    for viewer in (visible.chen, visible.finn):
        assert seen(visible, viewer) == ["Red"]
        assert not view(viewer, thread, 1).can_reply
        with pytest.raises(NotAllowed, match="another group's"):
            reply(viewer, thread)
        assert threads.mark_helpful(viewer=viewer, thread_id=thread.pk, number=1, helpful=True)
    for viewer in (visible.eve, visible.both, visible.ben):
        assert view(viewer, thread, 1).can_reply
        reply(viewer, thread)


def test_without_the_setting_groups_mean_nothing(db):
    story = grouped("none")
    thread = start(story.course, story.ana, group_id=story.red)
    assert group_of(thread) is None
    assert reply(story.finn, thread).number == 2


# -- for whom a thread is ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["visible", "separate"])
def test_a_thread_is_for_the_group_of_its_author(db, mode):
    story = grouped(mode)
    assert group_of(start(story.course, story.ana)) == story.red
    assert group_of(start(story.course, story.both, group_id=story.blue)) == story.blue
    assert group_of(start(story.course, story.ben)) is None
    assert group_of(start(story.course, story.ben, group_id=story.blue)) == story.blue


@pytest.mark.parametrize("mode", ["visible", "separate"])
def test_who_has_several_groups_chooses_and_who_has_none_starts_nothing(db, mode):
    story = grouped(mode)
    stranger = spaces.set_groups(
        space_id=make_course(context="c2").space.pk, person_id=story.ana.person_id, external_ids=["red"]
    )
    cases = [
        (story.both, None, "Choose the group"),
        (story.ana, story.blue, "Choose the group"),
        (story.ana, next(iter(stranger)), "Choose the group"),
        (story.ben, next(iter(stranger)), "Choose the group"),
        (story.ben, 10**9, "Choose the group"),
        (story.finn, None, "in none"),
        (story.finn, story.red, "in none"),
    ]
    for viewer, group_id, why in cases:
        with pytest.raises(InvalidInput, match=why) as refused:
            start(story.course, viewer, group_id=group_id)
        assert set(refused.value.errors) == {"group"}
    assert seen(story, story.ben) == []


def test_an_anonymous_thread_is_for_a_group_as_well(separate):
    thread = start(separate.course, separate.both, group_id=separate.red, anonymous=True)
    assert view(separate.eve, thread, 1).author.name == "Learner 1"
    with pytest.raises(NotFound):
        view(separate.chen, thread, 1)


# -- across groups -------------------------------------------------------------------------------------------------


def test_nobody_of_another_group_is_named_where_they_see_nothing(separate, heard):
    body = "@Eve Adams @Chen Wei @Finn Berg @Ben Okafor"
    with heard() as facts:
        thread = start(separate.course, separate.ana, body=body)
    named = {fact.person_id for fact in facts if hasattr(fact, "number")}
    assert named == {separate.eve.person_id, separate.ben.person_id}
    found = threads.get_thread(viewer=separate.ana, thread_id=thread.pk)
    for start_of_name, expected in (("Chen", []), ("Finn", []), ("Eve", ["Eve Adams"]), ("Ben", ["Ben Okafor"])):
        suggested = threads.suggest_people(viewer=separate.ana, start=start_of_name, thread=found)
        assert [name for _insert, name in suggested] == expected


def test_all_are_named_where_all_read(visible, heard):
    with heard() as facts:
        start(visible.course, visible.ana, body="@Eve Adams @Chen Wei")
    assert {fact.person_id for fact in facts if hasattr(fact, "number")} == {
        visible.eve.person_id,
        visible.chen.person_id,
    }


def test_threads_of_different_groups_are_not_merged_and_do_not_leave(separate):
    red, blue = start(separate.course, separate.ana), start(separate.course, separate.chen)
    with pytest.raises(Conflict, match="different groups"):
        threads.merge_threads(viewer=separate.ben, thread_id=red.pk, into_id=blue.pk)
    other = another_activity(separate.course)
    with pytest.raises(Conflict, match="of a group"):
        threads.move_thread(viewer=separate.ben, thread_id=red.pk, to_uid=other.uid)


def test_what_is_split_off_stays_the_groups(separate):
    red = start(separate.course, separate.ana)
    reply(separate.eve, red, "Red only")
    part = threads.split_thread(viewer=separate.ben, thread_id=red.pk, number=2, title="Part")
    assert group_of(part) == separate.red
    assert seen(separate, separate.chen) == []
    same = start(separate.course, separate.eve)
    threads.merge_threads(viewer=separate.ben, thread_id=part.pk, into_id=same.pk)
    assert "Red only" in texts(separate.ana, same)


def test_an_announcement_to_the_course_for_a_group_reaches_it_alone(separate):
    facts = {"kind": threads.Kind.ANNOUNCEMENT, "to_space": True, "group_id": separate.red}
    start(separate.course, separate.ben, **facts)
    reached = [viewer for viewer in ("ana", "both", "chen", "finn") if _announced(getattr(separate, viewer))]
    assert reached == ["ana", "both"]


def _announced(viewer: Viewer) -> list[threads.ThreadRow]:
    return threads.list_announcements(viewer=viewer)


# -- another setting -----------------------------------------------------------------------------------------------


def test_a_later_change_changes_what_a_threads_group_means(separate):
    red = start(separate.course, separate.ana, title="Red")
    everybody = start(separate.course, separate.ben, title="All")
    steps = [
        ("visible", ["All", "Red"], False),
        ("none", ["All", "Red"], True),
        ("separate", ["All"], False),
    ]
    for mode, titles, writes in steps:
        configure(separate.course, groups=mode)
        assert seen(separate, separate.chen) == titles
        assert seen(separate, separate.ana) == ["All", "Red"]
        if "Red" in titles:
            assert view(separate.chen, red, 1).can_reply is writes
        assert view(separate.finn, everybody, 1).can_reply
        assert group_of(red) == separate.red


def test_who_leaves_a_group_sees_its_threads_no_more(separate):
    red = start(separate.course, separate.ana)
    reply(separate.eve, red)
    gone = replace(separate.eve, group_ids=frozenset())
    assert seen(separate, gone) == []
    with pytest.raises(NotFound):
        threads.delete_post(viewer=gone, thread_id=red.pk, number=2)


def test_a_list_costs_the_same_with_groups(separate, django_assert_num_queries):
    for count in (3, 12):
        for _more in range(count):
            start(separate.course, separate.ben, group_id=separate.red)
        with django_assert_num_queries(1):
            listed = threads.list_threads(viewer=separate.ana, activity=separate.course.activity)
            assert {row.group for row in listed.rows} == {"red"}

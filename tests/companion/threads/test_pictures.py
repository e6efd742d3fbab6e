"""Pictures in posts: shown to those who may see a post with them, kept as long as one has them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.storage import default_storage

from companion import clock
from companion.errors import InvalidInput, NotAllowed, NotFound, TooMany
from companion.models import Picture, PictureUse
from companion.spaces import api as spaces
from companion.threads import api as threads
from tests.companion.threads.stories import another_activity, configure, png, reply, start, view
from tests.people import Course, outsider
from tests.people import course as make_course

NOW = clock.now()


def add(course: Course, viewer=None, activity: spaces.Activity | None = None) -> threads.TakenPicture:
    uid = (activity or course.activity).uid
    return threads.add_picture(viewer=viewer or course.ana, activity_uid=uid, file=png(), size=100)


def text(*taken: threads.TakenPicture) -> str:
    return "\n\n".join(f"![it]({one.markdown})" for one in taken)


def sees(viewer, taken: threads.TakenPicture) -> bool:
    try:
        with threads.open_picture(viewer=viewer, token=taken.token) as file:
            return file.read(4) == b"RIFF"
    except NotFound:
        return False


def seen_by(course: Course, taken) -> list[str]:
    return [who for who in ("ana", "ben", "chen", "nameless") if sees(getattr(course, who), taken)]


def files() -> set[str]:
    return set(Picture.objects.values_list("file", flat=True))


def test_it_works(course):
    taken = add(course)
    assert (taken.width, taken.height) == (8, 6)
    thread = start(course, body=f"Look: {text(taken)}")
    image = f'<img src="companion-picture:{taken.token}" alt="it" width="8" height="6" loading="lazy">'
    assert image in view(course.chen, thread, 1).html
    assert seen_by(course, taken) == ["ana", "ben", "chen", "nameless"]


def test_before_a_post_has_it_the_course_sees_it_and_nobody_else(course):
    taken = add(course)
    other = make_course(context="c2")
    assert seen_by(course, taken) == ["ana", "ben", "chen", "nameless"]
    assert not any(sees(viewer, taken) for viewer in (other.ana, other.ben, outsider()))


def test_nobody_is_kept_as_the_one_who_brought_it(course):
    add(course)
    assert not {field.name for field in Picture._meta.get_fields()} & {"person", "author", "uploader"}


@pytest.mark.parametrize(
    "token", ["", "x" * 32, "0" * 32, "../../etc/passwd", "a" * 5_000, "\x00" * 32, "' OR 1=1 --", "٣" * 32]
)
def test_a_name_that_nobody_gave_out_is_not_there(course, token):
    add(course)
    with pytest.raises(NotFound):
        threads.open_picture(viewer=course.ben, token=token)


def test_a_name_in_capitals_is_another_one(course):
    taken = add(course)
    while taken.token == taken.token.upper():
        taken = add(course)
    with pytest.raises(NotFound):
        threads.open_picture(viewer=course.ana, token=taken.token.upper())


# -- who sees it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [threads.hide_post, threads.return_post])
def test_it_is_hidden_with_its_post(course, verb):
    taken = add(course)
    thread = start(course)
    reply(course.chen, thread, text(taken), anonymous=True)
    verb(viewer=course.ben, thread_id=thread.pk, number=2, reason="r")
    # Its author and the staff still read the post, so they see what is in it.
    assert seen_by(course, taken) == ["ben", "chen"]
    threads.restore_post(viewer=course.ben, thread_id=thread.pk, number=2)
    assert seen_by(course, taken) == ["ana", "ben", "chen", "nameless"]


def test_it_is_hidden_with_its_thread(course):
    taken = add(course)
    thread = start(course)
    reply(course.chen, thread, text(taken))
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=1, reason="r")
    assert seen_by(course, taken) == ["ana", "ben"]


def test_it_is_gone_with_a_post_that_is_taken_back_for_the_staff_too(course):
    taken = add(course)
    thread = start(course)
    reply(course.chen, thread, text(taken))
    reply(course.ana, thread, to=2)
    threads.delete_post(viewer=course.chen, thread_id=thread.pk, number=2)
    assert seen_by(course, taken) == []
    threads.undelete_post(viewer=course.chen, thread_id=thread.pk, number=2)
    assert len(seen_by(course, taken)) == 4


def test_one_post_that_shows_it_is_enough(course):
    taken = add(course)
    thread = start(course, body=text(taken))
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=1, reason="r")
    assert "chen" not in seen_by(course, taken)
    start(course, course.ben, body=text(taken))
    assert "chen" in seen_by(course, taken)


def test_another_group_does_not_see_it(db):
    course = make_course(groups="separate")

    def into(viewer, group):
        ids = spaces.set_groups(space_id=course.space.pk, person_id=viewer.person_id, external_ids=[group])
        return replace(viewer, group_ids=ids)

    ana, chen = into(course.ana, "red"), into(course.chen, "blue")
    taken = add(course)
    start(course, ana, body=text(taken))
    assert [sees(viewer, taken) for viewer in (ana, chen, course.ben)] == [True, False, True]


def test_before_the_discussion_opens_only_the_staff_does(course):
    taken = add(course, course.ben)
    start(course, course.ben, body=text(taken))
    configure(course, opens_at=clock.now() + timedelta(days=1))
    assert seen_by(course, taken) == ["ben"]


def test_another_discussions_pictures_are_not_shown(course):
    second = another_activity(course)
    taken = add(course, activity=second)
    thread = start(course, body=text(taken))
    assert view(course.ana, thread, 1).html == "<p><em>[it]</em></p>\n"
    assert not PictureUse.objects.exists()


def test_a_list_of_posts_is_asked_about_each_thread_once(course, django_assert_max_num_queries):
    taken = add(course)
    thread = start(course)
    for _time in range(15):
        threads.hide_post(
            viewer=course.ben, thread_id=thread.pk, number=reply(course.ana, thread, text(taken)).number, reason="r"
        )
    with django_assert_max_num_queries(4):
        assert not sees(course.chen, taken)


# -- who brings one ------------------------------------------------------------------------------------------------


def test_who_may_not_write_brings_none(course):
    with pytest.raises(NotFound):
        add(course, outsider())
    thread = start(course, course.chen)
    threads.mute_author(viewer=course.ben, thread_id=thread.pk, number=1, days=1, reason="Calm down")
    with pytest.raises(NotAllowed, match="Calm down"):
        add(course, course.chen)
    configure(course, closes_at=clock.now())
    with pytest.raises(NotAllowed, match="closed"):
        add(course)
    assert add(course, course.ben)


def test_what_is_no_picture_is_refused_and_leaves_nothing(course):
    file = BytesIO(b"<svg onload=alert(1)>")
    with pytest.raises(InvalidInput):
        threads.add_picture(viewer=course.ana, activity_uid=course.activity.uid, file=file, size=21)
    assert not Picture.objects.exists()


def test_sixty_an_hour(course):
    with clock.at(NOW.replace(minute=0)):
        for _time in range(60):
            add(course)
        with pytest.raises(TooMany):
            add(course)
        assert add(course, course.chen)


def test_twenty_in_a_post(course):
    pictures = [add(course) for _time in range(21)]
    start(course, body=text(*pictures[:20]))
    with pytest.raises(InvalidInput, match="20 pictures"):
        start(course, body=text(*pictures))


# -- how long it is kept -------------------------------------------------------------------------------------------


def test_what_no_post_took_goes_after_two_days(course, django_capture_on_commit_callbacks):
    with clock.at(NOW):
        draft, used = add(course), add(course)
        start(course, body=text(used))
    names = files()
    with clock.at(NOW + timedelta(days=2)):
        assert threads.prune_pictures() == 0
    with clock.at(NOW + timedelta(days=2, seconds=1)), django_capture_on_commit_callbacks(execute=True):
        assert threads.prune_pictures() == 1
    assert (sees(course.ana, draft), sees(course.ana, used)) == (False, True)
    (gone,) = names - files()
    assert not default_storage.exists(gone)
    assert all(default_storage.exists(name) for name in files())


def test_it_is_kept_while_an_earlier_version_has_it(course):
    with clock.at(NOW):
        taken, other = add(course), add(course)
        thread = start(course, body=text(taken))
        for body in (text(other), "Without", text(other)):
            threads.edit_post(viewer=course.ana, thread_id=thread.pk, number=1, title="T", body=body)
    with clock.at(NOW + timedelta(days=9)):
        assert threads.prune_pictures() == 0
    assert len(seen_by(course, taken)) == 4
    assert PictureUse.objects.count() == 2


@pytest.mark.parametrize("delete", [False, True])
def test_it_goes_with_its_author_unless_another_post_has_it(course, delete, django_capture_on_commit_callbacks):
    alone, shared = add(course), add(course)
    thread = start(course, body=text(alone, shared))
    reply(course.chen, thread, text(shared))
    names = files()
    with django_capture_on_commit_callbacks(execute=True):
        threads.retire_authors(person_ids=[course.ana.person_id], delete_posts=delete)
    assert (sees(course.ben, alone), sees(course.ben, shared)) == (not delete, True)
    assert {name for name in names if not default_storage.exists(name)} == names - files()
    assert len(names - files()) == delete


def test_a_file_that_is_lost_is_not_found(course):
    taken = add(course)
    for name in files():
        default_storage.delete(name)
    with pytest.raises(NotFound):
        threads.open_picture(viewer=course.ana, token=taken.token)

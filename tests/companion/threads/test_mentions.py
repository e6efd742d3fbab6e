"""Whom a text names, who hears of it, and how a name goes when somebody leaves for good."""

from __future__ import annotations

import pytest

from companion import events
from companion.errors import InvalidInput
from companion.models import Mention
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.viewer import Role
from tests.companion.threads.stories import reply, start, view
from tests.people import Course, join, outsider
from tests.people import course as make_course


@pytest.fixture
def thread(course: Course) -> threads.Thread:
    return start(course, course.ben)


def named_in(course: Course, thread, body: str, viewer=None, **more) -> list[str]:
    """What is marked as a name in a reply with this text."""
    post = reply(viewer or course.ben, thread, body, **more)
    return [part.split("</span>")[0] for part in post.html.split('<span class="mention">')[1:]]


def people_in(facts) -> set[int]:
    return {fact.person_id for fact in facts if isinstance(fact, events.PersonMentioned)}


def test_it_works(course, thread, heard):
    with heard() as facts:
        assert named_in(course, thread, "Ask @Ana Torres and @Chen Wei.") == ["@Ana Torres", "@Chen Wei"]
    assert people_in(facts) == {course.ana.person_id, course.chen.person_id}
    told = next(fact for fact in facts if isinstance(fact, events.PersonMentioned))
    assert (told.thread_id, told.number, told.activity_id) == (thread.pk, 2, course.activity.pk)
    assert view(course.nameless, thread, 2).html.count("mention") == 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@Ana Torres", ["@Ana Torres"]),
        ("(@Ana Torres)", ["@Ana Torres"]),
        ("Dear @Ana Torres, hello", ["@Ana Torres"]),
        ("“@Ana Torres”!", ["@Ana Torres"]),
        ("@Ana Torres\n@Chen Wei", ["@Ana Torres", "@Chen Wei"]),
        ("@Ana Torres @Ana Torres", ["@Ana Torres", "@Ana Torres"]),
        ("**@Ana Torres**", ["@Ana Torres"]),
        ("- @Ana Torres\n\n| @Chen Wei |\n|---|\n| @Ben Okafor |", ["@Ana Torres", "@Chen Wei", "@Ben Okafor"]),
        ("> @Ana Torres", ["@Ana Torres"]),
        # Not a name, or not one of ours.
        ("@Ana", []),
        ("@ana torres", []),
        ("@Ana Torresx", []),
        ("@Ana  Torres", []),
        ("@ Ana Torres", []),
        ("@@Ana Torres", []),
        ("@Nobody Here", []),
        # Not plain text.
        ("`@Ana Torres`", []),
        ("```\n@Ana Torres\n```", []),
        ("    @Ana Torres", []),
        ("[@Ana Torres](https://example.com)", []),
        ("![@Ana Torres](https://example.com/x.png)", []),
        ("https://example.com/@Ana Torres", []),
        ("me@Ana Torres", []),
        ("ana.@example.com ana@example.com", []),
        ("$@Ana Torres$", []),
    ],
)
def test_a_name_is_found_in_plain_text_and_nowhere_else(course, thread, text, found):
    assert named_in(course, thread, text) == found


@pytest.mark.parametrize(
    "name",
    [
        "Dr. No",
        "Sammy Davis Jr.",
        "J. R. R. Tolkien",
        "Sean O'Brien",
        "Maria da Conceição dos Santos e Silva",
        "ana_torres",
        "Zoë <b> & Co",
        "李小龍",
        "محمد",
        "Nguyễn Thị Minh Khai",
        "R2-D2",
        "x" * 60,
    ],
)
def test_whatever_a_suggestion_inserts_names_somebody(course, thread, name, heard):
    person = join(course.space, "new", name)
    ((insert, shown),) = threads.suggest_people(viewer=course.ana, start=name[:4])
    assert shown == name
    for text in (insert, f"Ask {insert}, please", f"{insert}: hello. And then"):
        with heard() as facts:
            reply(course.ana, thread, text)
        assert people_in(facts) == {person.person_id}


def test_a_name_typed_in_parts_is_the_same_name(course, thread):
    join(course.space, "new", "José Núñez")
    decomposed = "@Jose\u0301 Nu\u0301n\u0303ez"
    assert named_in(course, thread, f"Hello {decomposed}!") == [decomposed]


def test_two_of_one_name_need_their_number(course, thread, heard):
    other = join(course.space, "ana2", "Ana Torres")
    assert named_in(course, thread, "@Ana Torres") == []
    with heard() as facts:
        assert named_in(course, thread, f"@Ana Torres#{other.person_id}, hello") == [f"@Ana Torres#{other.person_id}"]
    assert people_in(facts) == {other.person_id}
    assert named_in(course, thread, f"@Chen Wei#{other.person_id}") == []
    inserts = {insert for insert, _name in threads.suggest_people(viewer=course.ben, start="Ana")}
    assert inserts == {f"@Ana Torres#{viewer.person_id}" for viewer in (course.ana, other)}


def test_somebody_without_a_name_is_named_by_a_number(course, thread, heard):
    number = course.nameless.person_id
    with heard() as facts:
        assert named_in(course, thread, f"@#{number}, @#{number}x and @#999999999999") == [f"@#{number}"]
    assert people_in(facts) == {number}
    assert threads.suggest_people(viewer=course.ben, start="Part") == []


def test_a_name_that_only_looks_the_same_is_another_one(course, thread):
    """What turns a text round is taken out of names and texts; what joins letters stays."""
    fake = join(course.space, "fake", "\u202eAna Torres\u200b")
    assert fake.name == "Ana Torres"
    assert named_in(course, thread, "@Ana Torres") == []
    joined = join(course.space, "joined", "Ana\u200dTorres")
    assert named_in(course, thread, "@\u2066Ana\u200dTorres\u2069") == ["@Ana\u200dTorres"]
    assert joined.person_id != fake.person_id


def test_people_of_elsewhere_are_not_named(course, thread, heard):
    dee = join(
        spaces.ensure_space(organization_id=course.space.organization_id, issuer="i", external_id="x"), "d", "Dee"
    )
    outsider()
    with heard() as facts:
        assert named_in(course, thread, f"@Dee @#{dee.person_id}") == []
    assert people_in(facts) == set()
    spaces.leave_space(
        issuer=course.space.issuer, external_id="c1", organization_id=course.space.organization_id, subject="chen"
    )
    assert named_in(course, thread, "@Chen Wei") == []


def test_an_author_who_is_anonymous_is_not_part_of_it(course, thread, heard):
    with heard() as facts:
        reply(course.ana, thread, "@Chen Wei knows", anonymous=True)
    assert f"person_id={course.ana.person_id}" not in repr(facts)


def test_twenty_are_named_and_not_one_more(course, thread):
    people = [join(course.space, f"p{number}", f"Person {number}") for number in range(21)]
    assert len(named_in(course, thread, " ".join(f"@{person.name}" for person in people[:20]))) == 20
    with pytest.raises(InvalidInput, match="20 people"):
        reply(course.ben, thread, " ".join(f"@{person.name}" for person in people))
    assert len(named_in(course, thread, "@Ana Torres " * 100)) == 100


def test_ten_thousand_signs_are_cheap(course, thread, django_assert_max_num_queries):
    with django_assert_max_num_queries(14):
        reply(course.ben, thread, "@" * 20_000)
    with django_assert_max_num_queries(15):
        reply(course.ben, thread, "@a " * 6_666)


# -- edits ---------------------------------------------------------------------------------------------------------


def edit(viewer, thread, body: str) -> None:
    threads.edit_post(viewer=viewer, thread_id=thread.pk, number=2, body=body)


def test_an_edit_tells_only_those_who_were_not_named_before(course, thread, heard):
    reply(course.ben, thread, "@Ana Torres")
    with heard() as facts:
        edit(course.ben, thread, "@Ana Torres and @Chen Wei")
        edit(course.ben, thread, "Nobody")
        edit(course.ben, thread, "@Chen Wei again")
    assert [fact.person_id for fact in facts if isinstance(fact, events.PersonMentioned)] == [course.chen.person_id]


def test_who_is_named_in_the_text_that_a_reason_is_given_for(course, thread, heard):
    reply(course.ana, thread, "Ask somebody")
    with heard() as facts:
        threads.edit_post(viewer=course.ben, thread_id=thread.pk, number=2, body="Ask @Chen Wei", reason="Clearer")
    assert people_in(facts) == {course.chen.person_id}


# -- suggestions ---------------------------------------------------------------------------------------------------


def test_suggestions_come_by_the_beginnings_of_words_in_the_order_of_names(course):
    join(course.space, "z", "Zoe Torres")
    join(course.space, "tom", "Tom Ray", Role.ASSISTANT)
    assert [name for _insert, name in threads.suggest_people(viewer=course.ana, start="to")] == [
        "Ana Torres",
        "Tom Ray",
        "Zoe Torres",
    ]
    for start_of_name in ("", "  ", "%", "_", "orres"):
        assert threads.suggest_people(viewer=course.ana, start=start_of_name) == []
    for number in range(15):
        join(course.space, f"t{number}", f"Tod {number}")
    assert len(threads.suggest_people(viewer=course.ana, start="Tod")) == 10


# -- who leaves for good -------------------------------------------------------------------------------------------


def retire(*viewers) -> None:
    threads.retire_authors(person_ids=[viewer.person_id for viewer in viewers], delete_posts=False)


@pytest.mark.parametrize("name", ["Sean O'Brien", "Zoë & Co", "Ana Maria", "x" * 60])
def test_a_name_goes_out_of_texts_and_what_they_said_before(course, thread, name):
    person = join(course.space, "new", name)
    number = person.person_id
    reply(course.ben, thread, f"First @{name}#{number}")
    edit(course.ben, thread, f"Then @{name}, and @#{number}, with @Ana Torres")
    edit(course.ben, thread, "Now nobody")
    edit(course.ben, thread, f"@{name}: at last")
    retire(person)
    shown = view(course.chen, thread, 2).html
    assert "@Former participant</span>: at last" in shown
    told = threads.get_history(viewer=course.ben, thread_id=thread.pk, number=2)
    everything = repr(told) + shown + repr(threads.export_thread(viewer=course.chen, thread_id=thread.pk).posts)
    assert name not in everything
    assert name.split()[0] not in everything.replace("Ana Torres", "")
    assert "@Ana Torres" in everything
    assert not Mention.objects.filter(person_id=number).exists()


def test_others_keep_their_names(course, thread):
    ana = join(course.space, "a", "Ana")
    body = "@Ana, @Ana Torres and @Chen Wei; `@Anabel`"
    reply(course.ben, thread, body)
    retire(ana)
    post = threads.get_post(viewer=course.ben, thread_id=thread.pk, number=2)
    assert post.body == "@Former participant, @Ana Torres and @Chen Wei; `@Anabel`"
    assert post.html.count("mention") == 3
    retire(course.ana, course.chen)
    post.refresh_from_db()
    assert post.body == "@Former participant, @Former participant and @Former participant; `@Anabel`"
    assert "Torres" not in post.html


def test_many_mentions_are_taken_out_at_once(course, thread, django_assert_max_num_queries):
    for _time in range(12):
        reply(course.ben, thread, "@Ana Torres, please")
    with django_assert_max_num_queries(50):
        retire(course.ana)
    assert "Torres" not in repr(threads.export_thread(viewer=course.ben, thread_id=thread.pk).posts)


def test_names_of_two_courses_do_not_meet(course, heard):
    other = make_course(context="c2")
    with heard() as facts:
        start(other, other.ben, body="@Ana Torres")
    assert people_in(facts) == {other.ana.person_id}

"""The search page under each mount, and the page of what was found in another course."""

from __future__ import annotations

import re

import pytest

from companion.threads import api as threads
from tests.companion.search.stories import in_an_index
from tests.companion.threads.stories import reply, start
from tests.people import course as make_course
from tests.people import join

pytestmark = [in_an_index, pytest.mark.every_database]


@pytest.fixture
def thread(course):
    thread = start(course, title="Passports <here>", body="Where is *my* passport?")
    reply(course.chen, thread, "In the drawer & nowhere else")
    return thread


def test_it_works(course, reader, thread):
    ana = reader(course.ana)
    html = ana.get("search", q="drawer nowhere").content.decode()
    assert "Passports &lt;here&gt;" in html
    assert "In the <mark>drawer</mark> &amp; <mark>nowhere</mark> else" in html
    [address] = re.findall(r'<a class="row-title" href="([^"]+)"', html)
    assert re.search(
        rf"threads/{thread.pk}/\?(?:[^#]*&amp;)?post=2#post-2$|threads/{thread.pk}/.*post=2#post-2$", address
    )
    assert 'value="drawer nowhere"' in html


def test_there_is_a_field_where_people_look_for_it(course, reader):
    ana = reader(course.ana)
    start(course)
    for page, *args in (("space-home",), ("thread-list", course.activity.uid), ("search",)):
        html = ana.get(page, *args).content.decode()
        assert html.count('role="search"') == 1
        assert 'name="q"' in html


def test_nothing_asked_and_nothing_found(course, reader):
    ana = reader(course.ana)
    assert "Words of titles and texts" in ana.get("search").content.decode()
    html = ana.get("search", q="<zeppelin>").content.decode()
    assert "Nothing was found" in html
    assert "<zeppelin>" not in html


def test_while_somebody_types_the_hits_alone_come(course, reader, thread):
    html = reader(course.ana).get("search", q="draw", htmx=True).content.decode()
    assert "<mark>drawer</mark>" in html
    assert "<form" not in html
    assert "<html" not in html


def test_some_of_the_words(course, reader, thread):
    assert "Nothing has all of these words" in reader(course.ana).get("search", q="drawer zeppelin").content.decode()


def test_more_of_it(course, reader):
    for number in range(21):
        start(course, title=f"Passport {number}")
    html = reader(course.ana).get("search", q="passport").content.decode()
    assert html.count("row-title") == 20
    assert re.search(r'class="button" href="[^"]*after=', html)


def test_what_was_found_in_another_course_is_read_there(course, reader, thread):
    threads.endorse_post(viewer=course.ben, thread_id=thread.pk, number=2, endorsed=True)
    gus = join(make_course(context="c2").space, "gus", "Gus")
    join(course.space, "gus", "Gus")
    reading = reader(gus)
    html = reading.get("search", q="drawer").content.decode()
    assert "Course c1" in html
    document_id = int(re.findall(r"found/(\d+)/", html)[0])
    html = reading.get("found", document_id).content.decode()
    for text in (
        "Passports &lt;here&gt;",
        "From Course c1",
        "<em>my</em>",
        "Ana Torres",
        "In the drawer &amp;",
        "Endorsed",
    ):
        assert text in html
    assert "<textarea" not in html
    assert reading.get("search", q="drawer", here="1").content.decode().count("row-title") == 0
    # In the course itself it leads to the thread.
    answer = reader(course.ana).get("found", document_id)
    assert (answer.status_code, answer["Location"].endswith("#post-2")) == (303, True)

"""Nothing in the index, in a hit or in a suggestion says who wrote anonymously."""

from __future__ import annotations

import pytest
from django.db import connection

from companion.models import SearchDocument
from companion.search import api as search
from companion.threads import api as threads
from tests.companion.search.stories import in_an_index, titles
from tests.companion.threads.stories import reply
from tests.people import course as make_course
from tests.people import join

pytestmark = in_an_index


@pytest.fixture
def shy(course, start):
    thread = start("A shy question", "Does anybody know?", anonymous=True)
    reply(course.chen, thread, "A shy answer", anonymous=True)
    return thread


def test_it_works(course, shy):
    assert titles(course.ben, "shy") == ["A shy question"]


@pytest.mark.parametrize("name", ["Ana", "Torres", "Ana Torres", "Chen", "Wei", "ana", "tor", "Learner 1", "anonymous"])
def test_nobody_is_found_by_a_name(course, shy, name):
    for viewer in (course.ana, course.ben, course.chen):
        assert titles(viewer, name) == []
        assert search.suggest_answers(viewer=viewer, text=name) == []


def test_nor_is_who_signed(course, start):
    """Who wrote is no word of what was written: names are looked for in the list of members."""
    start("Passport")
    assert titles(course.ben, "Torres") == []


def test_no_table_of_the_search_knows_a_person(course, shy):
    search.learn()
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if "search" in name]
        columns = {
            column.name for table in tables for column in connection.introspection.get_table_description(cursor, table)
        }
    assert {"companion_searchdocument", "companion_searchword", "companion_searchprogress"} <= set(tables)
    assert not {name for name in columns if "author" in name or "person" in name or "pseudonym" in name}
    row = " ".join(str(value) for document in SearchDocument.objects.values() for value in document.values())
    assert "Torres" not in row
    assert "Chen" not in row


def test_it_is_the_same_whoever_wrote(course):
    """The rows and the hits of two courses in which other people wrote the same."""
    seen = []
    for context, writer in (("c3", "ana"), ("c4", "chen")):
        other = make_course(context=context)
        thread = threads.start_thread(
            viewer=getattr(other, writer), activity_uid=other.activity.uid, title="Shy", body="Text", anonymous=True
        )
        threads.mark_helpful(viewer=other.ben, thread_id=thread.pk, number=1, helpful=True)
        own = {"id", "space_id", "activity_id", "object_id", "parent_id", "at", "scope"}
        rows = SearchDocument.objects.filter(parent_id=thread.pk).values()
        hits = search.search(viewer=other.ben, text="shy", here_only=True).hits
        seen.append(
            (
                [{name: value for name, value in row.items() if name not in own} for row in rows],
                [(hit.title, hit.snippet, hit.standing) for hit in hits],
            )
        )
    assert seen[0] == seen[1]


def test_in_another_course_as_well(course, shy):
    gus = join(make_course(context="c2").space, "gus", "Gus")
    join(course.space, "gus", "Gus")
    threads.endorse_post(viewer=course.ben, thread_id=shy.pk, number=2, endorsed=True)
    # Also for those who wrote it, who look from elsewhere.
    for viewer in (gus, join(make_course(context="c2").space, "ana", "Ana Torres")):
        [hit] = search.search(viewer=viewer, text="shy").hits
        found = search.get_found(viewer=viewer, document_id=hit.document_id).thread
        assert [found.opening.author.name, *(answer.author.name for answer in found.answers)] == [
            "Learner 1",
            "Learner 2",
        ]
        assert not found.opening.author.is_you

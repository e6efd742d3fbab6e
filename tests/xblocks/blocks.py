"""The blocks that every test of blocks is about, and how one looks at them, calls them and writes in them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from companion_xblocks.host import WORKBENCH_COURSE
from django.test import RequestFactory
from workbench.runtime import WorkbenchRuntime
from xblock.django.request import django_to_webob_request

from companion.openedx import people
from companion.openedx.people import LmsUser
from companion.questions import api as questions
from companion.threads import api as threads

ALL = ("companion_discussion", "companion_questions", "companion_reflection")
DISCUSSION, QUESTIONS, REFLECTION = ALL
# Those that hold threads.
BLOCKS = ALL[:2]
# What they are called where nobody says so, and what their lists invite to.
TITLE = {DISCUSSION: "Companion discussion", QUESTIONS: "Companion questions"}
START = {DISCUSSION: "New thread", QUESTIONS: "Ask a question"}
# A test with this runs once for each block: `place` puts that one.
each_block = pytest.mark.parametrize("tag", BLOCKS)


def text_of(block: Any, view: str = "student_view") -> str:
    return str(block.render(view, {}).content)


def call(block: Any, path: str = "", *, method: str = "GET", **fields: str) -> Any:
    """A request to the block's handler, as the runtime hands it over."""
    request = getattr(RequestFactory(), method.lower())(f"/handler/{path}", fields)
    return block.runtime.handle(block, "ui", django_to_webob_request(request), path)


def write(
    person: str, usage_id: str, *, title: str = "When?", body: str = "word " * 10, anonymous: bool = False
) -> None:
    viewer = people.viewer_of(LmsUser(id=person, username=person), WORKBENCH_COURSE)
    activity = WorkbenchRuntime(person).get_block(usage_id).follow(viewer)
    begin = questions.ask_question if activity.takes_questions else threads.start_thread
    begin(viewer=viewer, activity_uid=activity.uid, title=title, body=body, anonymous=anonymous)


def submit(block: Any, data: object) -> dict[str, Any]:
    """What Studio's form sends, and what it hears."""
    request = RequestFactory().post("/handler/", json.dumps(data).encode(), content_type="application/json")
    answer = block.runtime.handle(block, "studio_submit", django_to_webob_request(request))
    found: dict[str, Any] = json.loads(answer.body)
    return found

"""The address of a post that Ben copies in an LMS: the LMS signs Chen in and shows it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from companion_xblocks.host import Host
from django.test import Client
from django.urls import set_urlconf
from opaque_keys.edx.keys import CourseKey

from companion.openedx.mount import permalink_in, plugin_mount
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.viewer import Mount
from tests.openedx.conftest import COURSE


@pytest.fixture
def in_block() -> Mount:
    """The mount of a block in the course."""
    context = CourseKey.from_string(COURSE)
    return Host(SimpleNamespace(scope_ids=SimpleNamespace(usage_id=SimpleNamespace(context_key=context)))).mount()


@pytest.fixture
def studio() -> Any:
    """Addresses without ours: Studio has none (test_plugin.py)."""
    set_urlconf("workbench.urls")
    yield
    set_urlconf(None)


def test_it_works(lms, ben, chen, visit, in_block):
    viewer = visit(ben)
    activity = spaces.create_activity(viewer=viewer, title="Your first incident", external_id="unit 1")
    thread = threads.start_thread(viewer=viewer, activity_uid=activity.uid, title="Who is called?", body="Me?")
    in_plugin = plugin_mount(COURSE)
    path = f"/companion/courses/{COURSE}/threads/{thread.pk}/posts/1/"
    for mount in (in_plugin, in_block):
        assert mount.permalink is not None
        assert mount.permalink(activity.uid, thread.pk, 1) == f"https://lms.example{path}"
    client = Client()
    assert client.get(path)["Location"].startswith("/admin/login/?next=")
    client.force_login(chen)
    shown = client.get(path)["Location"]
    assert shown == f"/companion/courses/{COURSE}/threads/{thread.pk}/?post=1#post-1"
    assert "Who is called?" in client.get(shown).content.decode()


@pytest.mark.parametrize("root", ["https://lms.example/", "https://lms.example"])
def test_the_address_of_the_lms_may_end_in_a_slash(settings, root):
    settings.LMS_ROOT_URL = root
    permalink = permalink_in(COURSE)
    assert permalink is not None
    assert permalink(uuid4(), 7, 2) == f"https://lms.example/companion/courses/{COURSE}/threads/7/posts/2/"


@pytest.mark.parametrize("root", ["", None])
def test_where_the_lms_has_no_address_there_is_none(settings, root):
    settings.LMS_ROOT_URL = root
    assert permalink_in(COURSE) is None
    del settings.LMS_ROOT_URL
    assert permalink_in(COURSE) is None


def test_where_the_plugin_has_no_pages_there_is_none(lms, studio, in_block):
    assert in_block.permalink is None


@pytest.mark.parametrize("key", ["lib:Northwind:shared", "library-v1:Northwind+shared"])
def test_a_library_has_no_posts(lms, key):
    assert permalink_in(key) is None

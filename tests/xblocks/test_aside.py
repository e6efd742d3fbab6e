""" "Ask about this" beside a video or a problem, where the switch is on."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from companion_xblocks.aside import AskAside
from django.test.utils import override_settings
from opaque_keys.edx.keys import UsageKey
from web_fragments.fragment import Fragment

VIDEO = "block-v1:Org+Course+Run+type@video+block@intro"


def shown_beside(usage_id: str, switches: tuple[str, ...] = ("ask_aside",)) -> Fragment:
    key = UsageKey.from_string(usage_id)
    block = SimpleNamespace(scope_ids=SimpleNamespace(usage_id=key, block_type=key.block_type))
    with override_settings(COMPANION_WORKBENCH_SWITCHES=switches):
        return AskAside.student_view_aside(SimpleNamespace(), block)


@pytest.mark.django_db
def test_it_works(django_assert_num_queries):
    with django_assert_num_queries(0):
        fragment = shown_beside(VIDEO)
    assert "Ask about this" in fragment.content
    assert "/companion/courses/course-v1:Org+Course+Run/about/block-v1:Org" in fragment.content
    assert fragment.js_init_fn == "CompanionBlock"


@pytest.mark.parametrize(("usage_id", "switches"), [(VIDEO, ()), (VIDEO.replace("@video", "@html"), ("ask_aside",))])
def test_elsewhere_there_is_nothing(usage_id, switches):
    assert shown_beside(usage_id, switches).content == ""

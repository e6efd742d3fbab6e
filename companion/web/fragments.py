"""Posts and rows of lists, drawn once and kept: templates are most of what a page costs.

What a viewer may see of a post is a frozen value (`PostView`), and the same value gives the same HTML. What differs
from page to page, the addresses and the hidden fields of the mount, stands in the kept HTML as marks and is filled in
afterwards. Marks are control characters, which no text of anybody's can contain (companion/text.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from django.template.loader import render_to_string
from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from companion import markdown
from companion.questions.api import Standing
from companion.threads.api import PostView, ThreadRow
from companion.viewer import Mount
from companion.web.links import Pattern, picture_address
from companion.web.templatetags.companion_tags import in_words

# So many drawn posts are some 12 MB in a process.
_KEPT: Final = 4_096
_MARK: Final = re.compile("\x01([a-z-]+)\x02(\\d+)\x03")
_FIELDS: Final = "\x01fields\x03"


@dataclass(frozen=True, slots=True)
class _PostMarks:
    """In place of the addresses of a post's actions; "" for what this viewer may not do."""

    link: str
    reply: str
    edit: str
    delete: str
    hide: str
    restore: str
    helpful: str
    endorse: str
    accept: str
    unhelpful: str
    verify: str
    tip: str
    report: str
    split: str
    history: str
    mute: str

    @property
    def fields(self) -> SafeString:
        return SafeString(_FIELDS)


def draw_posts(mount: Mount, thread_id: int, posts: Sequence[PostView]) -> list[SafeString]:
    """The posts of one thread as they go into a page of this mount."""
    language = get_language() or ""
    drawn = "\x00".join(_post(post, in_words(post.created_at), language) for post in posts)
    drawn = _fill(drawn, mount, thread_id)
    return [SafeString(html) for html in drawn.split("\x00")] if posts else []


def draw_rows(
    mount: Mount, rows: Sequence[ThreadRow], standings: Mapping[int, Standing] = MappingProxyType({})
) -> list[SafeString]:
    """Rows of a list of threads, each a link to its thread. `standings`: how the questions among them stand."""
    language = get_language() or ""
    links = Pattern(mount, "thread-detail")
    drawn = (
        (_row(row, standings.get(row.id), in_words(row.last_at), language), escape(links.of(row.id))) for row in rows
    )
    return [SafeString(html.replace("\x01", address)) for html, address in drawn]


@lru_cache(maxsize=_KEPT)
def _post(post: PostView, _ago: str, _language: str) -> str:
    """Its age in words and the language are part of what is drawn, so they are part of the key."""
    allowed = {
        "detail": True,
        "reply": post.can_reply,
        "edit": post.can_edit,
        "delete": post.can_delete,
        "hide": post.can_hide,
        "restore": post.can_restore,
        "helpful": post.can_mark,
        "endorse": post.can_endorse,
        "accept": post.can_accept,
        "unhelpful": post.can_say_unhelpful,
        "verify": post.can_verify,
        "tip": post.can_make_tip,
        "report": post.can_report,
        "split": post.can_split,
        "history": post.can_see_history,
        "mute": post.can_mute,
    }
    marks = [f"\x01{name}\x02{post.number}\x03" if can else "" for name, can in allowed.items()]
    return render_to_string("companion/partials/post.html", {"post": post, "urls": _PostMarks(*marks)})


@lru_cache(maxsize=_KEPT)
def _row(row: ThreadRow, standing: Standing | None, _ago: str, _language: str) -> str:
    context = {"row": row, "standing": standing, "url": "\x01"}
    return render_to_string("companion/partials/thread_row.html", context)


def _fill(drawn: str, mount: Mount, thread_id: int) -> str:
    patterns: dict[str, Pattern] = {}

    def address(mark: re.Match[str]) -> str:
        name = mark[1]
        if name not in patterns:
            patterns[name] = Pattern(mount, f"post-{name}", thread_id)
        return escape(patterns[name].of(int(mark[2])))

    fields = format_html_join("", '<input type="hidden" name="{}" value="{}">', mount.fields.items())
    drawn = _MARK.sub(address, drawn.replace(_FIELDS, fields))
    return markdown.with_pictures(drawn, picture_address(mount))

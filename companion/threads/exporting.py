"""A whole thread to take along: as Markdown or JSON, with what its reader sees on the screen and no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q
from django.utils.translation import gettext

from companion.markdown import PICTURE
from companion.spaces.videos import timecode
from companion.threads.gates import get_thread, may_read_text, must_write_first, posts_there, written_by
from companion.threads.listing import shown_title
from companion.threads.models import Post, Thread
from companion.threads.viewing import PostView, view_posts
from companion.viewer import Viewer

MOST_EXPORTED: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadExport:
    """A thread and its posts in tree order, each with its source ("" where this viewer may not read it)."""

    thread: Thread
    title: str
    posts: list[tuple[PostView, str]]


def export_thread(*, viewer: Viewer, thread_id: int) -> ThreadExport:
    """Everything of a thread that the viewer may read. Raises NotFound."""
    thread = get_thread(viewer=viewer, thread_id=thread_id)
    if must_write_first(viewer, thread):
        mine = Q(number=1) | written_by(viewer, thread)
    else:
        mine = posts_there(viewer, thread)
    found = list(
        Post.objects.filter(mine, thread_id=thread.pk).select_related("parent").order_by("path")[:MOST_EXPORTED]
    )
    for post in found:
        post.parent_number = post.parent.number if post.parent else None  # type: ignore[attr-defined]
    views = view_posts(viewer, thread, found)
    sources = [PICTURE.sub("", post.body) if may_read_text(viewer, post) else "" for post in found]
    return ThreadExport(thread=thread, title=shown_title(thread), posts=list(zip(views, sources, strict=True)))


def as_markdown(export: ThreadExport) -> str:
    """The thread as one Markdown text: a heading a post, the answered number in it, the texts as they were typed."""
    parts = [f"# {export.title}\n"]
    for view, source in export.posts:
        heading = f"## #{view.number} {view.author.name} · {view.created_at:%Y-%m-%d %H:%M} UTC"
        notes = list(_notes(view))
        parts.append(
            "\n".join([heading, *([f"*{'; '.join(notes)}*"] if notes else []), "", source or _missing(view), ""])
        )
    return "\n".join(parts)


def as_json(export: ThreadExport) -> str:
    """The same as JSON: `{"title", "posts": [{"number", "reply_to", "author", "posted_at", ...}]}`."""
    posts = [_as_dict(view, source) for view, source in export.posts]
    return json.dumps({"title": export.title, "posts": posts}, ensure_ascii=False, indent=1)


def _as_dict(view: PostView, source: str) -> dict[str, Any]:
    return {
        "number": view.number,
        "reply_to": view.parent_number,
        "author": view.author.name,
        "role": view.author.badge,
        "posted_at": view.created_at.isoformat(timespec="seconds"),
        "edited_at": view.edited_at.isoformat(timespec="seconds") if view.edited_at and source else None,
        "second": view.second,
        "helpful": view.helpful_count,
        "endorsed_by": view.endorsed_by,
        "state": "deleted" if view.is_deleted else "hidden" if view.is_hidden else "shown",
        "text": source,
    }


def _notes(view: PostView) -> Iterator[str]:
    if view.parent_number and view.parent_number > 1:
        yield gettext("to #%(number)d") % {"number": view.parent_number}
    if view.author.badge:
        yield view.author.badge
    if view.second is not None:
        yield gettext("at %(time)s of the video") % {"time": timecode(view.second)}
    if view.helpful_count:
        yield gettext("helpful: %(count)d") % {"count": view.helpful_count}
    if view.endorsed_by:
        yield gettext("endorsed by %(name)s") % {"name": view.endorsed_by}
    if view.edited_at and view.html:
        yield gettext("edited")


def _missing(view: PostView) -> str:
    if view.is_moved:
        return gettext("Moved to another thread")
    return gettext("Deleted by its author") if view.is_deleted else gettext("Hidden by the course staff")

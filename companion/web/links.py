"""Links to many rows, resolved once a page: the mount is asked for one of each kind, the ids are put in after."""

from __future__ import annotations

from dataclasses import dataclass

from companion.threads.api import PostView
from companion.viewer import Mount

# Stands for an id while a link's pattern is resolved; no path of ours contains it otherwise.
_SLOT = 987654321


@dataclass(frozen=True, slots=True)
class PostUrls:
    """Where a post's actions live; "" for what this viewer may not do."""

    link: str
    reply: str
    edit: str
    delete: str
    hide: str
    restore: str


class Pattern:
    """One link with a number left open."""

    def __init__(self, mount: Mount, name: str, *args: object) -> None:
        self._head, self._tail = mount.url_for(name, *args, _SLOT).split(str(_SLOT), 1)

    def of(self, number: int) -> str:
        return f"{self._head}{number}{self._tail}"


class PostLinks:
    """The links of all posts of one thread."""

    def __init__(self, mount: Mount, thread_id: int) -> None:
        names = ("detail", "reply", "edit", "delete", "hide", "restore")
        self._patterns = [Pattern(mount, f"post-{name}", thread_id) for name in names]

    def of(self, post: PostView) -> PostUrls:
        allowed = (True, post.can_reply, post.can_edit, post.can_delete, post.can_hide, post.can_restore)
        return PostUrls(
            *(pattern.of(post.number) if can else "" for pattern, can in zip(self._patterns, allowed, strict=True))
        )

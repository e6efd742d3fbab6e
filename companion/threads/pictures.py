"""Pictures in posts: taken, shown to those who may see a post with them, and dropped when no post has them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from typing import BinaryIO, Final, cast
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext

from companion import clock, limits
from companion.errors import InvalidInput, NotAllowed, NotFound
from companion.pictures import reencode
from companion.spaces import api as spaces
from companion.spaces.permissions import can_read_activity, can_write_in_activity
from companion.threads.gates import get_thread, is_there, may_read_text
from companion.threads.models import Picture, PictureUse, Post
from companion.viewer import Viewer

MOST_IN_A_POST: Final = 20
# A picture that no post took is of a draft that was given up.
KEEP_UNUSED: Final = timedelta(days=2)
_TOKEN: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenPicture:
    """A picture that a post may show now: `markdown` is its address in a text."""

    token: str
    width: int
    height: int

    @property
    def markdown(self) -> str:
        return f"companion-picture:{self.token}"


def add_picture(*, viewer: Viewer, activity_uid: UUID, file: BinaryIO, size: int) -> TakenPicture:
    """Take a picture for a post in an activity: made anew, without what a camera wrote into it, under a random name.

    `size` in bytes. Raises NotFound, NotAllowed, InvalidInput, limits' TooMany.
    """
    activity = spaces.get_activity(viewer=viewer, uid=activity_uid)
    if not can_write_in_activity(viewer, activity):
        raise NotAllowed(gettext("This discussion is closed: you can read it, but not write any more."))
    spaces.must_not_be_muted(viewer=viewer)
    limits.take(person_id=viewer.person_id, what="pictures", most=60, window=timedelta(hours=1))
    made = reencode(file, size=size)
    token = secrets.token_hex(16)
    picture = Picture(token=token, activity=activity, width=made.width, height=made.height, created_at=clock.now())
    picture.file.save(f"{token}.webp", ContentFile(made.data), save=False)
    picture.save(force_insert=True)
    return TakenPicture(token=token, width=made.width, height=made.height)


def open_picture(*, viewer: Viewer, token: str) -> BinaryIO:
    """The file of a picture (WebP): for those who may see one of its posts, and, before any has it, for the members
    of its space who know its random name.

    Raises NotFound.
    """
    if not _TOKEN.fullmatch(token):
        raise NotFound
    picture = Picture.objects.filter(token=token, activity__space_id=viewer.space_id).select_related("activity").first()
    if picture is None or not can_read_activity(viewer, picture.activity) or not _is_shown(viewer, picture):
        raise NotFound
    try:
        file = picture.file.open("rb")
    except OSError as error:
        raise NotFound from error
    return cast(BinaryIO, file)


def _is_shown(viewer: Viewer, picture: Picture) -> bool:
    uses = PictureUse.objects.filter(picture=picture).select_related("post").order_by("-post__thread", "-pk")
    posts = [use.post for use in uses[:20]]
    if not posts:
        return True
    by_thread = groupby(posts, key=attrgetter("thread_id"))
    return any(_is_shown_in(viewer, thread_id, list(group)) for thread_id, group in by_thread)


def _is_shown_in(viewer: Viewer, thread_id: int, posts: list[Post]) -> bool:
    try:
        thread = get_thread(viewer=viewer, thread_id=thread_id)
    except NotFound:
        return False
    for post in posts:
        post.thread = thread
    return any(is_there(viewer, post) and may_read_text(viewer, post) for post in posts)


class PicturesOf:
    """The pictures that a text in one activity shows. `find` is what `markdown.render` asks for their sizes."""

    def __init__(self, activity_id: int) -> None:
        self.activity_id = activity_id
        self.used: list[int] = []

    def find(self, tokens: Sequence[str]) -> Mapping[str, tuple[int, int]]:
        if len(tokens) > MOST_IN_A_POST:
            raise InvalidInput({"body": gettext("At most %(limit)d pictures, please.") % {"limit": MOST_IN_A_POST}})
        found = list(Picture.objects.filter(token__in=tokens, activity_id=self.activity_id))
        self.used = [picture.pk for picture in found]
        return {picture.token: (picture.width, picture.height) for picture in found}


def save_pictures(post: Post, pictures: PicturesOf, *, is_new: bool) -> None:
    """Keep which pictures a post shows. Those of earlier versions stay: its history shows them."""
    known = set() if is_new or not pictures.used else set(post.pictures.values_list("pk", flat=True))
    uses = [PictureUse(picture_id=pk, post=post) for pk in pictures.used if pk not in known]
    PictureUse.objects.bulk_create(uses, ignore_conflicts=True)


def prune_pictures() -> int:
    """Delete pictures that no post took within KEEP_UNUSED; gives how many."""
    unused = Picture.objects.filter(uses=None, created_at__lt=clock.now() - KEEP_UNUSED)[:200]
    return drop_pictures([picture.pk for picture in unused])


def drop_pictures(pks: Sequence[int]) -> int:
    """Delete pictures that no post shows any more, and their files once that is certain."""
    with transaction.atomic():
        # Not `uses=None`: PostgreSQL locks no row of an outer join.
        unused = ~Exists(PictureUse.objects.filter(picture=OuterRef("pk")))
        gone = list(Picture.objects.select_for_update().filter(unused, pk__in=pks))
        for picture in gone:
            storage, name = picture.file.storage, picture.file.name
            picture.delete()
            transaction.on_commit(lambda storage=storage, name=name: _delete_file(storage, name))  # type: ignore[misc]
    return len(gone)


def _delete_file(storage: Storage, name: str) -> None:
    storage.delete(name)

"""What is typed, checked and rendered: the rules for titles and texts, whoever writes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from companion import markdown
from companion.errors import InvalidInput
from companion.spaces.videos import LONGEST
from companion.text import clean, clean_line, count_words, is_blank
from companion.threads.mentions import Mentions, save_mentions
from companion.threads.models import BODY_LIMIT, TITLE_LIMIT, Post, Thread
from companion.threads.pictures import PicturesOf, save_pictures
from companion.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it is stored, and what hangs on it."""

    body: str
    html: str
    words: int
    mentions: Mentions
    pictures: PicturesOf

    @property
    def fields(self) -> dict[str, Any]:
        return {"body": self.body, "html": self.html, "words": self.words}

    def save_with(self, *, viewer: Viewer, thread: Thread, post: Post, is_new: bool) -> None:
        """Keep who and what the text of a saved post names."""
        if self.mentions.people or not is_new:
            save_mentions(viewer=viewer, thread=thread, post=post, mentions=self.mentions, is_new=is_new)
        if self.pictures.used:
            save_pictures(post, self.pictures, is_new=is_new)


def read_text(body: str, *, viewer: Viewer, activity_id: int, group_id: int | None) -> Text:
    """Render a checked text. `group_id` is the group that alone sees it, or None. Raises InvalidInput."""
    mentions, pictures = Mentions(viewer=viewer, group_id=group_id), PicturesOf(activity_id)
    html = markdown.render(body, find_mentions=mentions.find, find_pictures=pictures.find)
    return Text(body=body, html=html, words=count_words(body), mentions=mentions, pictures=pictures)


def checked_texts(title: str, body: str) -> tuple[str, str]:
    """Title and text of an opening post. Raises InvalidInput with a sentence per field."""
    errors: dict[str, str] = {}
    try:
        title = checked_title(title)
    except InvalidInput as invalid:
        errors |= invalid.errors
    try:
        body = checked_body(body)
    except InvalidInput as invalid:
        errors |= invalid.errors
    if errors:
        raise InvalidInput(errors)
    return title, body


def checked_title(title: str) -> str:
    """Raises InvalidInput."""
    title = clean_line(title)
    if is_blank(title):
        raise InvalidInput({"title": gettext("Give it a title, so that others see what it is about.")})
    if len(title) > TITLE_LIMIT:
        raise InvalidInput({"title": gettext("At most %(limit)d characters, please.") % {"limit": TITLE_LIMIT}})
    return title


def checked_body(body: str) -> str:
    """Raises InvalidInput."""
    if len(body) > BODY_LIMIT:
        raise InvalidInput(
            {
                "body": gettext("At most %(limit)d characters, please; this has %(length)d.")
                % {"limit": BODY_LIMIT, "length": len(body)}
            }
        )
    body = clean(body).strip("\n")
    if is_blank(body):
        raise InvalidInput({"body": gettext("Write something first.")})
    return body


def checked_second(second: int | None, *, video: str) -> int | None:
    """A place in the activity's video. Raises InvalidInput."""
    if second is None:
        return None
    if not video:
        raise InvalidInput({"second": gettext("This discussion has no video.")})
    if not 0 <= second <= LONGEST:
        raise InvalidInput({"second": gettext("Write it as minutes and seconds, such as 1:32.")})
    return second

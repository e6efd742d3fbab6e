"""Who is named in a text: "@Ana Torres", or "@Ana Torres#17" and "@#17" where a name does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final
from unicodedata import normalize

from django.utils.translation import gettext

from companion.errors import InvalidInput
from companion.events import PersonMentioned, announce
from companion.spaces import api as spaces
from companion.spaces.kinds import Groups
from companion.threads.models import MENTION_LIMIT, Mention, Post, Thread
from companion.viewer import Viewer

MOST_MENTIONS: Final = 20
# As a group: no member's, so that the staff alone can be named.
NOBODY: Final = 0
# Beyond this many places with an @, the rest is text: nobody means 300 people.
_MOST_PLACES: Final = 200
_MOST_CANDIDATES: Final = 12
# What ends a sentence or a quotation behind a name.
_STOPS: Final = ".,;:!?)]}>'\"’”»…、。，！？；：）」』"
_NUMBER: Final = re.compile(r"#(\d{1,12})(?!\w)", re.ASCII)


class Mentions:
    """The people named in one text. `find` is what `markdown.render` asks while it reads the text."""

    def __init__(self, *, viewer: Viewer, group_id: int | None) -> None:
        self.viewer, self.group_id = viewer, group_id
        # Ways in which each is named, in their order.
        self.people: dict[int, dict[str, None]] = {}

    def find(self, places: Sequence[str]) -> list[int]:
        """For each text that follows an @: how many of its characters name somebody who may see the thread.

        Two queries at most, however many places. Raises InvalidInput where more than MOST_MENTIONS are named.
        """
        candidates = [_candidates(place) for place in places[:_MOST_PLACES]]
        names = {name for found in candidates for name, _number, _length in found if name}
        ids = {number for found in candidates for _name, number, _length in found if number}
        if self.viewer.is_guest or not (names or ids):
            # Whether somebody of this name is in the course is nothing to a guest.
            return [0] * len(places)
        members = spaces.find_members(viewer=self.viewer, names=names, ids=ids, group_id=self.group_id)
        lengths = [self._match(place, found, members) for place, found in zip(places, candidates, strict=False)]
        if len(self.people) > MOST_MENTIONS:
            raise InvalidInput(
                {"body": gettext("At most %(limit)d people can be named in a post.") % {"limit": MOST_MENTIONS}}
            )
        return lengths + [0] * (len(places) - len(lengths))

    def _match(self, place: str, candidates: list[tuple[str, int, int]], members: list[spaces.Member]) -> int:
        for name, number, length in candidates:
            meant = [
                member
                for member in members
                if (member.person_id == number if number else True) and (member.name == name if name else True)
            ]
            # Two of one name: neither, until a number says which.
            if len(meant) == 1:
                spellings = self.people.setdefault(meant[0].person_id, {})
                spellings["@" + place[:length]] = None
                return length
        return 0


def save_mentions(*, viewer: Viewer, thread: Thread, post: Post, mentions: Mentions, is_new: bool) -> None:
    """Keep who is named in a post, and announce those who were not before."""
    known = {} if is_new else {mention.person_id: mention for mention in Mention.objects.filter(post=post)}
    new = [pk for pk in mentions.people if pk not in known]
    Mention.objects.bulk_create([Mention(post=post, person_id=pk, text=_as_text(mentions.people[pk])) for pk in new])
    # Whoever is named no more was named in an earlier version, where retirement must find the name.
    for person_id in known.keys() & mentions.people.keys():
        mention = known[person_id]
        text = _as_text(dict.fromkeys(mention.text.split("\n")) | mentions.people[person_id])
        if text != mention.text:
            Mention.objects.filter(pk=mention.pk).update(text=text)
    for person_id in new:
        place = thread.place(viewer)
        announce(PersonMentioned(**place, post_id=post.pk, number=post.number, person_id=person_id))


def _as_text(spellings: Iterable[str]) -> str:
    """As many of them as a row holds, one a line."""
    text = ""
    for spelling in spellings:
        longer = f"{text}\n{spelling}" if text else spelling
        text = longer if len(longer) <= MENTION_LIMIT else text
    return text


def suggest_people(*, viewer: Viewer, start: str, thread: Thread | None = None) -> list[tuple[str, str]]:
    """(text to insert, name) of members who may see the thread and whose name has a word that begins so.

    In the order of their names. Where two have one name, the text carries the person's number.
    """
    start = start.strip()[:50]
    if not start:
        return []
    found = spaces.find_members(viewer=viewer, start=start, group_id=None if thread is None else closed_group(thread))
    names = [member.name for member in found]
    return [
        (f"@{member.name}" if names.count(member.name) == 1 else f"@{member.name}#{member.person_id}", member.name)
        for member in found
    ]


def closed_group(thread: Thread) -> int | None:
    """The group that alone sees a thread beside the staff, or None. A private thread is the staff's: NOBODY's group."""
    if thread.is_private:
        return NOBODY
    return thread.group_id if thread.activity.discussion.groups is Groups.SEPARATE else None


def _candidates(place: str) -> list[tuple[str, int, int]]:
    """What may be meant, as (name, number, length), the longest first: "Ana Torres and", "Ana Torres", "Ana"."""
    alone = _NUMBER.match(place)
    if alone:
        return [("", int(alone[1]), alone.end())]
    found = []
    end = 0
    for word in re.finditer(r"(?:^|(?<=\s))\S{1,60}", place[:120].split("\n")[0]):
        end = word.end()
        name = place[:end]
        if " ".join(name.split()) != name:
            break
        numbered = re.search(r"#(\d{1,12})\W*$", name, re.ASCII)
        if numbered:
            found.append((name[: numbered.start()], int(numbered[1]), numbered.end(1)))
            break
        bare = len(name.rstrip(_STOPS))
        # "Dr. No" and "Jr." have a stop of their own: a name may end with one, and go on behind it.
        found += [(name[:length], 0, length) for length in sorted({bare, min(bare + 1, end), end})]
        if len(found) >= _MOST_CANDIDATES:
            break
    # Names are kept as NFC (companion.text.clean_line); some keyboards make NFD.
    return [(normalize("NFC", name), number, length) for name, number, length in reversed(found) if name]

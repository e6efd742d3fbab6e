"""The video that an activity can carry: a file, or a page at YouTube or Vimeo."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qs, urlsplit

from companion import conf

_ID: Final = re.compile(r"[\w-]{6,20}", re.ASCII)
_YOUTUBE: Final = ("www.youtube.com", "youtube.com", "m.youtube.com", "www.youtube-nocookie.com")
_VIMEO: Final = ("vimeo.com", "www.vimeo.com", "player.vimeo.com")
_HOME: Final = ("localhost", "127.0.0.1")
# A day of video; a second beyond it is a misprint.
LONGEST: Final = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class VideoSource:
    """What a page embeds: `url` is the file's address, or that of the provider's player. `origin` goes into the
    page's content security policy.
    """

    kind: Literal["file", "youtube", "vimeo"]
    url: str
    origin: str


def video_source(address: str) -> VideoSource | None:
    """What an author's link shows, or None where it is none: not https, with a user name in it, a provider's page
    without a video.
    """
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        is_address = re.fullmatch(r"[a-z0-9.-]+(:\d+)?", parts.netloc.lower())
        if not (parts.scheme == "https" or _is_at_home(parts.scheme, host)) or not is_address:
            return None
    except ValueError:
        return None
    if host in _YOUTUBE or host == "youtu.be":
        return _youtube(host, parts.path, parts.query)
    if host in _VIMEO:
        number = re.search(r"(?:^|/)(\d{6,12})(?:/|$)", parts.path)
        player = "https://player.vimeo.com"
        return VideoSource("vimeo", f"{player}/video/{number[1]}?dnt=1", player) if number else None
    return VideoSource("file", address, f"{parts.scheme}://{parts.netloc.lower()}")


def _is_at_home(scheme: str, host: str) -> bool:
    """Plain http from this machine, where the service itself has no more (a demonstration)."""
    return scheme == "http" and host in _HOME and str(conf.get("COMPANION_URL")).startswith("http://")


def _youtube(host: str, path: str, query: str) -> VideoSource | None:
    steps = [step for step in path.split("/") if step]
    if host == "youtu.be":
        video = steps[0] if steps else ""
    elif steps and steps[0] in ("embed", "shorts", "live") and len(steps) > 1:
        video = steps[1]
    else:
        video = parse_qs(query).get("v", [""])[0]
    # The address that sets no cookies before somebody plays.
    player = "https://www.youtube-nocookie.com"
    if not _ID.fullmatch(video):
        return None
    return VideoSource("youtube", f"{player}/embed/{video}?enablejsapi=1&rel=0", player)


def read_timecode(text: str) -> int | None:
    """Seconds of "1:32", "01:02:03" or "92"; None for an empty text. Raises ValueError for anything else."""
    text = text.strip()
    if not text:
        return None
    if not re.fullmatch(r"(\d{1,2}:)?\d{1,3}:[0-5]\d|\d{1,5}", text, re.ASCII):
        raise ValueError(text)
    seconds = 0
    for part in text.split(":"):
        seconds = seconds * 60 + int(part)
    if seconds > LONGEST:
        raise ValueError(text)
    return seconds


def timecode(seconds: int) -> str:
    """ "1:32", or "1:02:03" from an hour on."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

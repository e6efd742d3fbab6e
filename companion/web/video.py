"""What a page shows of an activity's video: where it plays, and how the threads lie along it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from companion.spaces.api import Activity
from companion.spaces.videos import VideoSource, timecode, video_source

COLUMNS: Final = 40


@dataclass(frozen=True, slots=True)
class Column:
    """A part of the video: from when on, how many threads, and its bar in a drawing of 40 by 10."""

    start: str
    count: int
    x: int
    y: float
    size: float


def video_of(activity: Activity) -> VideoSource | None:
    address = activity.discussion.video
    return video_source(address) if address else None


def strip_of(seconds: list[tuple[int, int]]) -> list[Column]:
    """How many threads hang on each part of a video, from its beginning to the last of them ([] for none).

    `seconds` are (second, threads), in order.
    """
    if not seconds:
        return []
    # A minute at the least, so that a single thread makes no wall.
    width = max((seconds[-1][0] + 1) / COLUMNS, 60 / COLUMNS)
    counts = [0] * COLUMNS
    for second, count in seconds:
        counts[min(int(second / width), COLUMNS - 1)] += count
    most = max(counts)
    return [
        Column(
            timecode(int(index * width)), count, index, round(10 - 10 * count / most, 2), round(10 * count / most, 2)
        )
        for index, count in enumerate(counts)
    ]

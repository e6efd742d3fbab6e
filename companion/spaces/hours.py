"""Working hours: when people are asked, and how much of them has passed. Pure functions of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone

# No sum of hours looks further: two weeks of hours at an hour a week are half a year.
_MOST_DAYS: Final = 3_000


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    """Whether there is a time zone of this (IANA) name."""
    return name in _zones()


def are_days(days: str) -> bool:
    """Whether this is a choice of ISO weekdays, each once: "12345"."""
    return bool(days) and set(days) <= set("1234567") and len(set(days)) == len(days)


def zone_of(name: str) -> ZoneInfo:
    """The zone of this name, or the service's own for "" or one that is not known any more."""
    return ZoneInfo(name if is_zone(name) else timezone.get_default_timezone_name())


def week_of(moment: datetime, *, zone: str) -> date:
    """The Monday of the week in which a moment falls for somebody in a zone."""
    day = moment.astimezone(zone_of(zone)).date()
    return day - timedelta(days=day.isoweekday() - 1)


def week_ends(moment: datetime, *, zone: str) -> datetime:
    """When the next week begins there."""
    monday = week_of(moment, zone=zone) + timedelta(days=7)
    return datetime.combine(monday, time(), tzinfo=zone_of(zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours:
    """From `begins` to `ends` (full hours of the day, 0 to 24) on some ISO weekdays of a time zone.

    On a day whose clocks change, the working day is as long as it is between the two times on the clock.
    """

    zone: str
    days: frozenset[int]
    begins: int
    ends: int

    def is_open(self, moment: datetime) -> bool:
        start, end = self._day(self._date(moment))
        return start <= moment < end

    def next_open(self, moment: datetime) -> datetime:
        """The moment itself in working hours, else when they begin again."""
        day = self._date(moment)
        for ahead in range(_MOST_DAYS):
            start, end = self._day(day + timedelta(days=ahead))
            if start < end and moment < end:
                return max(start, moment)
        return moment

    def add(self, moment: datetime, hours: int) -> datetime:
        """The moment at which so many working hours have passed."""
        left, day = timedelta(hours=hours), self._date(moment)
        for ahead in range(_MOST_DAYS):
            start, end = self._day(day + timedelta(days=ahead))
            start = max(start, moment)
            if start < end and left <= end - start:
                return start + left
            left -= max(end - start, timedelta())
        return moment + timedelta(days=_MOST_DAYS)

    def _date(self, moment: datetime) -> date:
        return moment.astimezone(zone_of(self.zone)).date()

    def _day(self, day: date) -> tuple[datetime, datetime]:
        """Begin and end of a day's working hours, in UTC; the same moment twice on a day without."""
        zone = zone_of(self.zone)
        start = datetime.combine(day, time(self.begins), tzinfo=zone).astimezone(UTC)
        if day.isoweekday() not in self.days:
            return start, start
        after = timedelta(days=1) if self.ends == 24 else timedelta()
        end = datetime.combine(day + after, time(self.ends % 24), tzinfo=zone).astimezone(UTC)
        return start, max(start, end)

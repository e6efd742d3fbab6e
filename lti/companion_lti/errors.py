"""Why a platform's message is refused. Each becomes a page in words; the details go to the log, without names."""

from __future__ import annotations


class Refused(Exception):
    """A login or launch that is not let in.

    `advice` names the page that the person sees (companion_lti/views.py), `detail` is for the log: claim names and
    ids of ours, never a value that a platform sent.
    """

    status = 403
    advice = "again"

    def __init__(self, detail: str, *, advice: str = "") -> None:
        super().__init__(detail)
        self.advice = advice or self.advice


class Malformed(Refused):
    """The message is not what LTI 1.3 says."""

    status = 400
    advice = "malformed"


class Unknown(Refused):
    """Nobody we know: answered like any address that does not exist."""

    status = 404
    advice = "unknown"


class PlatformDown(Refused):
    """The platform does not tell us its keys."""

    status = 503
    advice = "platform_down"

"""What a browser may do with our pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.http import HttpRequest, HttpResponse

from companion.spaces.videos import VideoSource

_ALWAYS = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " font-src 'self'; base-uri 'none'; object-src 'none'"
)


def allow_framing(response: HttpResponse, origins: Sequence[str], *, form_targets: Sequence[str] = ()) -> None:
    """Say who may frame this page (origins; none means nobody) and, beside ourselves, where its forms may go."""
    response.framed_by = tuple(origins)  # type: ignore[attr-defined]
    response.form_targets = tuple(form_targets)  # type: ignore[attr-defined]


def allow_media(response: HttpResponse, source: VideoSource | None) -> None:
    """Say which video this page may load: a file from its origin, or the player of its provider. None is no video."""
    response.video = source  # type: ignore[attr-defined]


class ContentSecurityPolicy:
    """Own scripts and styles only; framed by the platform that launched the page and by nobody else; of other sites
    only the video that the page shows.

    Written here because `frame-ancestors` differs from page to page: Django 5.2 has no CSP, and the packages that
    have one set it once for a site.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        framed_by: Sequence[str] = getattr(response, "framed_by", ())
        targets = " ".join(("'self'", *getattr(response, "form_targets", ())))
        ancestors = " ".join(framed_by) or "'none'"
        video: VideoSource | None = getattr(response, "video", None)
        media = video.origin if video and video.kind == "file" else "'none'"
        frames = video.origin if video and video.kind != "file" else "'none'"
        response.headers.setdefault(
            "Content-Security-Policy",
            f"{_ALWAYS}; media-src {media}; frame-src {frames}; form-action {targets}; frame-ancestors {ancestors}",
        )
        if not framed_by:
            response.headers.setdefault("X-Frame-Options", "DENY")
        return response

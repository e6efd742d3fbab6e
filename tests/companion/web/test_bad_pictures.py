"""Files that are no pictures, too large, too many: by the form itself and by the button of the composer."""

from __future__ import annotations

import re
import struct
import zlib
from functools import cache
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from companion.models import Picture
from companion.threads import api as threads
from tests.people import Course
from tests.people import course as make_course


@cache
def good() -> bytes:
    out = BytesIO()
    Image.new("RGB", (4, 2), (200, 30, 30)).save(out, "PNG")
    return out.getvalue()


def empty_png(width: int, height: int) -> bytes:
    """A PNG that says it is this large, and has hardly any bytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = b""
    for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")):
        chunks += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return b"\x89PNG\r\n\x1a\n" + chunks


NO_PICTURE = "This file cannot be read as a picture. Please choose a PNG, JPEG, GIF or WebP."
FILES = {
    "200 megapixels": (empty_png(20_000, 10_000), "The picture has more than 40 million pixels"),
    "an SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', NO_PICTURE),
    "HTML": (b"<!doctype html><script>alert(1)</script>", NO_PICTURE),
    "HTML that begins as a GIF": (b"GIF89a/*<script>*/=1;alert(1)//", NO_PICTURE),
    "an empty file": (b"", NO_PICTURE),
    "half a picture": (good()[:-30], NO_PICTURE),
    "eleven megabytes": (good() + bytes(11_000_000), "The picture is larger than 10 MB"),
}


def file(data: bytes, name: str = "drill.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="image/png")


@pytest.fixture
def thread(course: Course) -> threads.Thread:
    return threads.start_thread(viewer=course.ben, activity_uid=course.activity.uid, title="T", body="Opening")


def text_of(response) -> str:
    return response.content.decode()


def pictures_in(person, thread_id: int) -> list[str]:
    return re.findall(r'<img src="([^"]+)"', text_of(person.get("thread-detail", thread_id)))


def test_it_works(course, thread, reader):
    ana = reader(course.ana)
    taken = ana.post("picture-add", course.activity.uid, picture=file(good())).json()
    assert (taken["width"], taken["height"]) == (4, 2)
    ana.post("post-reply", thread.pk, 1, body=f"![By the button]({taken['markdown']})")
    sent = ana.post("post-reply", thread.pk, 1, body="Look", picture=file(good()), picture_alt="By the [form] \\")
    assert sent.status_code == 303
    page = text_of(ana.get("thread-detail", thread.pk))
    assert re.findall(r'<img [^>]*alt="([^"]*)"', page) == ["By the button", "By the (form) /"]
    for address in pictures_in(ana, thread.pk):
        shown = ana.client.get(address, headers=ana._headers(False))
        assert (shown["Content-Type"], shown["X-Content-Type-Options"]) == ("image/webp", "nosniff")
        assert Image.open(BytesIO(shown.content)).size == (4, 2)


@pytest.mark.parametrize("what", FILES)
def test_what_is_no_picture_is_refused_beside_the_text(course, thread, reader, what):
    data, said = FILES[what]
    ana = reader(course.ana)
    for page, args in (("thread-new", [course.activity.uid]), ("post-reply", [thread.pk, 1])):
        answer = ana.post(page, *args, title="My title", body="My long text", picture=file(data))
        text = text_of(answer)
        assert (page, answer.status_code, said in text, "My long text" in text) == (page, 422, True, True)
    by_button = ana.post("picture-add", course.activity.uid, picture=file(data))
    assert (by_button.status_code, said in by_button.json()["error"]) == (422, True)
    assert (Picture.objects.count(), threads.get_thread(viewer=course.ana, thread_id=thread.pk).last_number) == (0, 1)


@pytest.mark.parametrize("picture", ["", "a text", "companion-picture:" + "0" * 32])
def test_a_text_where_a_file_should_be(course, thread, reader, picture):
    ana = reader(course.ana)
    answer = ana.post("picture-add", course.activity.uid, picture=picture)
    assert (answer.status_code, answer.json()) == (422, {"error": "Choose a picture first."})
    assert ana.post("post-reply", thread.pk, 1, body="Without", picture=picture).status_code == 303


def test_a_file_where_a_text_should_be(course, thread, reader):
    ana = reader(course.ana)
    answer = ana.post("post-reply", thread.pk, 1, body=file(b"text", "body.txt"), picture_alt="x")
    assert (answer.status_code, "Write something first" in text_of(answer)) == (422, True)


def test_of_two_files_the_last_one_counts(course, thread, reader):
    ana = reader(course.ana)
    assert ana.post("post-reply", thread.pk, 1, body="x", picture=[file(b"no"), file(good())]).status_code == 303
    assert len(pictures_in(ana, thread.pk)) == 1


def test_twenty_pictures_fit_and_a_twenty_first_does_not(course, thread, reader):
    ana = reader(course.ana)
    lines = [
        f"![{number}]({ana.post('picture-add', course.activity.uid, picture=file(good())).json()['markdown']})"
        for number in range(21)
    ]
    refused = ana.post("post-reply", thread.pk, 1, body="\n".join(lines))
    assert (refused.status_code, "At most 20 pictures" in text_of(refused), lines[-1] in text_of(refused)) == (
        422,
        True,
        True,
    )
    # By the form it would be the twenty-first as well.
    refused = ana.post("post-reply", thread.pk, 1, body="\n".join(lines[:20]), picture=file(good()))
    assert (refused.status_code, "At most 20 pictures" in text_of(refused)) == (422, True)
    assert ana.post("post-reply", thread.pk, 1, body="\n".join(lines[:20])).status_code == 303
    assert len(pictures_in(ana, thread.pk)) == 20


def test_a_picture_that_was_taken_is_not_asked_for_again(course, thread, reader):
    """The text is refused, the picture stays in it."""
    ana = reader(course.ana)
    refused = ana.post("thread-new", course.activity.uid, title="", body="My text", picture=file(good()))
    assert refused.status_code == 422
    kept = re.search(r"companion-picture:[0-9a-f]{32}", text_of(refused))[0]
    sent = ana.post("thread-new", course.activity.uid, title="T", body=f"My text\n\n![]({kept})")
    assert len(pictures_in(ana, int(re.search(r"/threads/(\d+)/", sent["Location"])[1]))) == 1


def test_sixty_an_hour_and_then_the_text_is_kept(course, thread, reader):
    ana = reader(course.ana)
    for _each in range(60):
        assert ana.post("picture-add", course.activity.uid, picture=file(good())).status_code == 200
    by_button = ana.post("picture-add", course.activity.uid, picture=file(good()))
    assert (by_button.status_code, "60 times in 60 minutes. Please wait" in by_button.json()["error"]) == (429, True)
    for page, args in (("thread-new", [course.activity.uid]), ("post-reply", [thread.pk, 1])):
        answer = ana.post(page, *args, title="My title", body="My long text", picture=file(good()))
        text = text_of(answer)
        assert (page, answer.status_code, "My long text" in text) == (page, 429, True)
        assert "60 times in 60 minutes. Please wait" in text


def test_a_picture_of_another_discussion_is_its_description(course, thread, lti_reader):
    other = make_course(context="c2")
    taken = threads.add_picture(
        viewer=other.ana, activity_uid=other.activity.uid, file=BytesIO(good()), size=len(good())
    )
    ana = lti_reader(course.ana)
    assert ana.post("post-reply", thread.pk, 1, body=f"![Stolen]({taken.markdown})").status_code == 303
    assert pictures_in(ana, thread.pk) == []
    assert ana.get("picture", taken.token).status_code == 404

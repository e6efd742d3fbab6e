"""Pictures that people upload, made safe to show."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from functools import cache
from io import BytesIO
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import IFD, Base

from companion.errors import InvalidInput
from companion.pictures import LONGEST_SIDE, MOST_BYTES, Picture, reencode

pytestmark = [
    pytest.mark.one_database,
    # Pillow warns of broken EXIF and the like, and then reads the picture all the same.
    pytest.mark.filterwarnings("ignore::UserWarning:PIL"),
]

RED, BLUE = (220, 30, 30), (30, 30, 220)
each_format = pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])


def red_left_of_blue(mode: str = "RGB", width: int = 40, height: int = 20) -> Image.Image:
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image.convert(mode)


@cache
def saved(kind: str, **options: Any) -> bytes:
    """The file of red left of blue."""
    return written(red_left_of_blue(), kind, **options)


def written(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def upload(data: bytes) -> Picture:
    return reencode(BytesIO(data), size=len(data))


def shown(picture: Picture) -> Image.Image:
    """What a browser makes of it; its type is always the same."""
    image = Image.open(BytesIO(picture.data))
    image.load()
    assert image.format == "WEBP"
    assert image.size == (picture.width, picture.height)
    return image


def colour_at(picture: Picture, x: int, y: int) -> str:
    red, _green, blue = shown(picture).convert("RGB").getpixel((x, y))
    return "red" if red > blue else "blue"


def refusal(data: bytes) -> str:
    with pytest.raises(InvalidInput) as refused:
        upload(data)
    assert list(refused.value.errors) == ["picture"]
    return refused.value.errors["picture"]


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *parts: bytes, rows: bytes = b"") -> bytes:
    """A PNG by hand, with `parts` before its pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(parts) + pixels + chunk(b"IEND", b"")


@each_format
def test_it_works(kind):
    picture = upload(saved(kind))
    assert (picture.width, picture.height) == (40, 20)
    assert colour_at(picture, 5, 10) == "red"
    assert colour_at(picture, 35, 10) == "blue"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_kind_of_png_is_shown_in_colour(mode):
    assert shown(upload(written(red_left_of_blue(mode), "PNG"))).mode in {"RGB", "RGBA"}


def test_a_printers_jpeg_is_shown_in_colour():
    picture = upload(written(red_left_of_blue("CMYK"), "JPEG"))
    assert colour_at(picture, 5, 10) == "red"
    assert shown(picture).mode == "RGB"


def test_sixteen_bits_of_grey_stay_grey():
    picture = upload(written(Image.new("I;16", (10, 10), 0x8000), "PNG"))
    assert shown(picture).convert("L").getpixel((5, 5)) == pytest.approx(0x80, abs=3)


def test_a_file_is_read_from_its_start():
    file = BytesIO(saved("PNG"))
    file.read()
    assert reencode(file, size=1).width == 40


@pytest.mark.parametrize(("width", "height"), [(3000, 1500), (1500, 3000), (30_000, 1)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_large_picture_becomes_smaller_and_keeps_its_shape(kind, width, height):
    picture = upload(written(red_left_of_blue(width=width, height=height), kind))
    assert max(picture.width, picture.height) == LONGEST_SIDE
    assert picture.width / picture.height == pytest.approx(width / height, rel=0.01) or picture.height == 1
    assert colour_at(picture, 0, 0) == "red"
    assert colour_at(picture, picture.width - 1, picture.height - 1) == "blue"


def exif_with_a_place(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    exif[Base.Make] = "Anas phone"
    exif.get_ifd(IFD.GPSInfo).update({1: "N", 2: (48.0, 8.0, 14.0)})
    return exif


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_where_and_with_what_it_was_taken_is_gone(kind):
    secrets = {"exif": exif_with_a_place(1), "xmp": b"<x:xmpmeta>Anas phone</x:xmpmeta>", "icc_profile": b"Anas phone"}
    data = written(red_left_of_blue(), kind, **secrets)
    assert b"Anas phone" in data
    picture = upload(data)
    assert b"Anas phone" not in picture.data
    assert not shown(picture).getexif()
    assert {"exif", "xmp", "icc_profile"}.isdisjoint(shown(picture).info)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "size", "red", "blue"),
    [
        (1, (40, 20), (5, 10), (35, 10)),
        (2, (40, 20), (35, 10), (5, 10)),
        (3, (40, 20), (35, 10), (5, 10)),
        (4, (40, 20), (5, 10), (35, 10)),
        (5, (20, 40), (10, 5), (10, 35)),
        (6, (20, 40), (10, 5), (10, 35)),
        (7, (20, 40), (10, 35), (10, 5)),
        (8, (20, 40), (10, 35), (10, 5)),
        (99, (40, 20), (5, 10), (35, 10)),
    ],
)
def test_it_stands_upright(kind, orientation, size, red, blue):
    picture = upload(saved(kind, exif=exif_with_a_place(orientation).tobytes()))
    assert (picture.width, picture.height) == size
    assert colour_at(picture, *red) == "red"
    assert colour_at(picture, *blue) == "blue"


def test_a_large_photo_held_upright_is_turned_and_made_smaller():
    data = written(red_left_of_blue(width=4000, height=3000), "JPEG", exif=exif_with_a_place(6).tobytes())
    picture = upload(data)
    assert (picture.width, picture.height) == (1500, 2000)
    assert colour_at(picture, 700, 100) == "red"


def test_strange_exif_does_not_spoil_a_photo():
    exif = exif_with_a_place(6)
    exif[Base.XResolution] = 72.0
    # A fraction as the name of the model: ImageOps.exif_transpose stumbles over it.
    strange = exif.tobytes().replace(struct.pack(">HH", Base.XResolution, 5), struct.pack(">HH", Base.Model, 5))
    assert strange != exif.tobytes()
    assert upload(saved("JPEG", exif=strange)).height == 40
    assert upload(saved("JPEG", exif=b"Exif\x00\x00nonsense")).height == 20


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_stands_still_on_its_first_frame(kind):
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE, RED)]
    data = written(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    assert Image.open(BytesIO(data)).n_frames == 3
    picture = upload(data)
    assert colour_at(picture, 4, 4) == "red"
    assert getattr(shown(picture), "n_frames", 1) == 1


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_was_transparent_still_is(mode):
    image = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    image.paste((255, 255, 255, 255), (10, 0, 20, 20))
    picture = upload(written(image.convert(mode), "PNG"))
    assert shown(picture).mode == "RGBA"
    assert shown(picture).getpixel((2, 10))[3] == 0
    assert shown(picture).getpixel((17, 10))[3] == 255


def test_a_transparent_gif_stays_transparent():
    image = Image.new("P", (10, 10), 3)
    picture = upload(written(image, "GIF", transparency=3))
    assert shown(picture).getpixel((5, 5))[3] == 0


@each_format
def test_what_hides_behind_a_picture_is_gone(kind):
    data = saved(kind) + b"<html><script>alert(1)</script></html>"
    assert b"script" not in upload(data).data


def test_what_hides_inside_a_picture_is_gone():
    note = chunk(b"tEXt", b"Comment\x00<script>alert(1)</script>")
    assert b"script" not in upload(png(1, 1, note, rows=b"\0abc")).data


UNREADABLE = {
    "an empty file": b"",
    "garbage": b"\xff\xd8\xff" + bytes(range(256)) * 4,
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "HTML": b"<!doctype html><script>alert(1)</script>",
    "HTML that begins as a GIF": b"GIF89a/*<script>*/=1;alert(1)//",
    "PDF": b"%PDF-1.7\n",
    "BMP": written(Image.new("RGB", (4, 4)), "BMP"),
    "TIFF": written(Image.new("RGB", (4, 4)), "TIFF"),
    "half a PNG": saved("PNG")[:60],
    "half a JPEG": saved("JPEG")[:-200],
    "half a GIF": saved("GIF")[:-20],
    "half a WebP": saved("WEBP")[:-20],
    "a PNG without a size": png(0, 0),
    "a PNG without pixels": png(10, 10),
    "a text that inflates to a gigabyte": png(1, 1, *[chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(1_000_000)))] * 70),
    "a text of many megabytes": png(1, 1, chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(9_000_000)))),
    "thousands of profiles": png(1, 1, *[chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(99)))] * 3000, rows=b"\0abc"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_picture_is_refused(name):
    assert refusal(UNREADABLE[name]) == (
        "This file cannot be read as a picture. Please choose a PNG, JPEG, GIF or WebP."
    )


def test_a_progressive_jpeg_is_read_but_not_one_of_endless_scans():
    data = saved("JPEG", progressive=True)
    assert upload(data).width == 40
    last = data.rindex(b"\xff\xda")
    assert "cannot be read" in refusal(data[:last] + data[last:-2] * 1000 + data[-2:])


def test_a_file_of_too_many_bytes_is_not_even_read():
    class Unread(BytesIO):
        def read(self, *_size: Any) -> bytes:
            raise AssertionError

    with pytest.raises(InvalidInput) as refused:
        reencode(Unread(), size=MOST_BYTES + 1)
    assert refused.value.errors == {"picture": "The picture is larger than 10 MB. Please choose a smaller one."}


def test_a_file_that_is_larger_than_it_says_is_read_no_further():
    file = BytesIO(saved("JPEG") + bytes(MOST_BYTES))
    assert reencode(file, size=5).width == 40
    assert file.tell() == MOST_BYTES


TOO_MANY_PIXELS = {
    "41 megapixels": png(8200, 5000),
    "100 megapixels, of which Pillow warns": png(10_000, 10_000),
    "200 megapixels, which Pillow refuses": png(20_000, 10_000),
    "a GIF of 4 gigapixels": b"GIF89a" + struct.pack("<HH", 65535, 65535) + saved("GIF")[10:],
}


@pytest.mark.parametrize("name", TOO_MANY_PIXELS)
def test_too_many_pixels_are_refused_before_they_take_memory(name, monkeypatch):
    def decode(*_arguments: Any) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decode)
    tracemalloc.start()
    try:
        sentence = refusal(TOO_MANY_PIXELS[name])
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sentence == "The picture has more than 40 million pixels. Please choose a smaller one."
    assert most < 1_000_000


def test_forty_megapixels_are_welcome():
    row = b"\0" + b"\x20\x40\x60" * 8000
    picture = upload(png(8000, 5000, rows=row * 5000))
    assert (picture.width, picture.height) == (2000, 1250)


def upload_or_refuse(data: bytes) -> None:
    try:
        picture = upload(data)
    except InvalidInput:
        return
    shown(picture)


STARTS = (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8X", b"")


@given(st.sampled_from(STARTS), st.binary(max_size=300))
def test_any_bytes_are_a_picture_or_refused(start, rest):
    upload_or_refuse(start + rest)


SEEDS = [
    saved("PNG", exif=exif_with_a_place(6).tobytes()),
    saved("JPEG", exif=exif_with_a_place(6).tobytes()),
    saved("JPEG", progressive=True),
    saved("GIF"),
    saved("WEBP", exif=exif_with_a_place(6).tobytes()),
    saved("WEBP", lossless=True),
    png(1, 1, chunk(b"eXIf", b"II*\0"), rows=b"\0abc"),
]


@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=8),
    st.tuples(st.integers(0, 2000), st.integers(0, 40)),
)
@example(SEEDS[-1], [], (0, 0))
def test_a_damaged_picture_is_a_picture_or_refused(seed, flips, cut):
    data = bytearray(seed)
    for position, value in flips:
        data[position % len(data)] = value
    start, length = cut
    del data[start : start + length]
    upload_or_refuse(bytes(data))

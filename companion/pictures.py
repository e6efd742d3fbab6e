"""Pictures that people upload, made safe to show: what leaves here is a WebP of ours, whatever came in."""

from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import BinaryIO, Final

from django.utils.translation import gettext
from PIL import Image
from PIL.ExifTags import Base

from companion.errors import InvalidInput

MOST_BYTES: Final = 10_000_000
MOST_PIXELS: Final = 40_000_000
LONGEST_SIDE: Final = 2000
QUALITY: Final = 88
FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP")

# What a picture needs a few times at most and what costs long each time: ten megabytes of 65-byte scans would keep a
# progressive JPEG busy for half an hour, of colour profiles a PNG for 20 seconds. A scan's two bytes also come up by
# chance, about 150 times in ten megabytes.
_MOST_OF: Final = {b"\xff\xda": 250, b"iCCP": 5, b"Exif\x00\x00": 20}

# ImageOps.exif_transpose knows these as well, but writes the rest of the EXIF anew and fails on what some cameras put
# there.
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# The largest allowed picture takes about 400 MB while it is read: one at a time in each process.
_one_at_a_time: Final = Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A WebP file; width and height in pixels, as it is shown."""

    data: bytes
    width: int
    height: int


def reencode(file: BinaryIO, *, size: int) -> Picture:
    """The picture in an uploaded PNG, JPEG, GIF or WebP of `size` bytes, and nothing else that was in the file.

    Upright as its EXIF says, the first frame of an animation, its longer side at most LONGEST_SIDE pixels; metadata,
    colour profiles and whatever else hid in the file are gone. Raises InvalidInput for "picture", and nothing else
    whatever the file holds.
    """
    if size > MOST_BYTES:
        text = gettext("The picture is larger than %(most)d MB. Please choose a smaller one.")
        raise InvalidInput({"picture": text % {"most": MOST_BYTES // 1_000_000}})
    file.seek(0)
    # `size` is what somebody said; this is what is read at most.
    data = file.read(MOST_BYTES)
    with _one_at_a_time:
        image = _decode(data)
        out = BytesIO()
        image.save(out, "WEBP", quality=QUALITY)
    return Picture(data=out.getvalue(), width=image.width, height=image.height)


def _decode(data: bytes) -> Image.Image:
    """An upright RGB or RGBA image of the size to be shown. Raises InvalidInput."""
    try:
        if any(data.count(mark) > most for mark, most in _MOST_OF.items()):
            raise ValueError("The same part again and again")
        opened = Image.open(BytesIO(data), formats=FORMATS)
        # Nothing has been decoded so far; the size is in the first bytes.
        if opened.width * opened.height > MOST_PIXELS:
            raise Image.DecompressionBombError
        turn = _TURNS.get(opened.getexif().get(Base.Orientation, 1))
        image = _in_colour(opened)
        # Before turning, because a small picture turns faster, and a JPEG is only decoded as large as needed.
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        text = gettext("The picture has more than %(most)d million pixels. Please choose a smaller one.")
        raise InvalidInput({"picture": text % {"most": MOST_PIXELS // 1_000_000}}) from error
    except Exception as error:
        # Its readers raise anything for a hostile file: OSError, SyntaxError, ValueError, TypeError, KeyError,
        # struct.error, RuntimeError, a bare Exception. All of them say that nobody can look at this.
        text = gettext("This file cannot be read as a picture. Please choose a PNG, JPEG, GIF or WebP.")
        raise InvalidInput({"picture": text}) from error
    return image if turn is None else image.transpose(turn)


def _in_colour(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        # 16 bits of grey: `convert` would make everything but the darkest white.
        image = image.point(lambda value: value / 256).convert("L")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else image.convert(mode)

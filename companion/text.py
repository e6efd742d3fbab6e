"""What people type, made safe to store: one reading of line ends, control characters and invisible tricks."""

import re
import unicodedata
from html import unescape

# Everything in C* but newline and tab: NUL cannot be stored by PostgreSQL, and the rest cannot be seen. Kept are
# the joiners that Arabic, Persian and emoji need (ZWNJ, ZWJ) and the harmless direction marks.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufff9-\ufffb\ud800-\udfff]")
# Embeddings and overrides can make a text read as another one ("Trojan Source", CVE-2021-42574).
_WORD = re.compile(r"\w+(?:['’\-]\w+)*")
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
_EMPTY = "\u115f\u1160\u3164\uffa0\u2800"
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """The same text with one kind of line end and without characters that cannot be seen or turn others round."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _BIDI.sub("", _CONTROL.sub("", text))


def clean_line(text: str) -> str:
    """A title or name: one line, single spaces, nothing invisible at its ends."""
    return " ".join(unicodedata.normalize("NFC", clean(text)).split()).strip("\u200b\u200c\u200d\u2060 ")


def count_words(text: str) -> int:
    """Words of one's own: lines that quote somebody ("> ...") do not count.

    Chinese and Japanese put no spaces between words; there a character counts as half a word.
    """
    own = "\n".join(line for line in text.split("\n") if not line.lstrip().startswith(">"))
    dense = len(_DENSE.findall(own))
    return len(_WORD.findall(_DENSE.sub(" ", own))) + (dense + 1) // 2


def is_blank(text: str) -> bool:
    """True where nothing can be seen: only spaces, zero-width characters, marks without a letter, and what Unicode
    counts among letters and symbols but draws as nothing (Hangul fillers, the empty Braille pattern).
    """
    seen = (character for character in text if character not in _EMPTY)
    return not any(unicodedata.category(character)[0] in "LNPS" for character in seen)


_UNREAD = re.compile(r"<math\b.*?</math>", re.DOTALL)
_IN_TAG = r"(?:[^<>\"]|\"[^\"]*\")*"
_PICTURE = re.compile(rf'<img\b{_IN_TAG}?\balt="([^"]*)"{_IN_TAG}>')
_CELL = re.compile(rf"</t[dh]\b{_IN_TAG}>\s*")
_LINE = re.compile(rf"<(?:/(?:li|tr)|br)\b{_IN_TAG}>\s*")
_BLOCK = re.compile(rf"<(?:/?(?:p|pre|h3|blockquote|ul|ol|table|div|section)|hr)\b{_IN_TAG}>")
_TAG = re.compile(rf"<{_IN_TAG}>")


def plain_text(html: str) -> str:
    """What rendered HTML (companion/markdown.py) says: an empty line between paragraphs, formulas left out."""
    text = _PICTURE.sub(r" \1 ", _UNREAD.sub(" ", html))
    text = _LINE.sub("\n", _CELL.sub(" ", text))
    text = unescape(_TAG.sub("", _BLOCK.sub("\n\n", text)))
    text = "\n".join(" ".join(line.split()) for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")

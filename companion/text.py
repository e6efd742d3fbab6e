"""What people type, made safe to store: one reading of line ends, control characters and invisible tricks."""

import re
import unicodedata

# Everything in C* but newline and tab: NUL cannot be stored by PostgreSQL, and the rest cannot be seen. Kept are
# the joiners that Arabic, Persian and emoji need (ZWNJ, ZWJ) and the harmless direction marks.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufff9-\ufffb\ud800-\udfff]")
# Embeddings and overrides can make a text read as another one ("Trojan Source", CVE-2021-42574).
_WORD = re.compile(r"\w+(?:['’\-]\w+)*")
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
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
    """True where nothing can be seen: only spaces, zero-width characters and marks without a letter."""
    return not any(unicodedata.category(character)[0] in "LNPS" for character in text)

"""The German and Arabic catalogues are whole, and the compiled files beside them are theirs.

The `.mo` files are committed because a fresh machine has no gettext; `make messages` makes both anew.
"""

from __future__ import annotations

import gettext
import re
import shutil
from ast import literal_eval
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / "companion", ROOT / "lti" / "companion_lti", ROOT / "xblocks" / "companion_xblocks"]
CATALOGUES = [
    pytest.param(source / "locale" / language / "LC_MESSAGES" / "django.po", id=f"{source.name}-{language}")
    for source in SOURCES
    for language in ("de", "ar")
]
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w+\}")

pytestmark = pytest.mark.one_database
each_catalogue = pytest.mark.parametrize("path", CATALOGUES)

Entry = dict[str, str]
"""What a text has: `msgid`, `msgid_plural`, `msgstr` or `msgstr[0]` and so on, by these names."""


def entries(path: Path) -> list[Entry]:
    """The texts of a .po file, without its header."""
    found: list[Entry] = [{}]
    part = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line:
            found.append({})
        elif line.startswith('"'):
            found[-1][part] += literal_eval(line)
        elif not line.startswith("#"):
            part, _, value = line.partition(" ")
            found[-1][part] = literal_eval(value)
    return [entry for entry in found if entry.get("msgid")]


def translations(path: Path) -> gettext.GNUTranslations:
    with path.with_suffix(".mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def msgids(path: Path) -> set[tuple[str | None, ...]]:
    return {tuple(entry.get(part) for part in ("msgctxt", "msgid", "msgid_plural")) for entry in entries(path)}


def forms(entry: Entry) -> list[str]:
    """The translation, once for every plural form."""
    return [value for part, value in entry.items() if part.startswith("msgstr")]


def placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


@each_catalogue
def test_every_text_is_translated(path):
    plurals = {translations(path).plural(number) for number in range(1000)}
    assert entries(path)
    for entry in entries(path):
        assert len(forms(entry)) == (len(plurals) if "msgid_plural" in entry else 1), entry
        assert all(form.strip() for form in forms(entry)), entry


@each_catalogue
def test_nothing_in_it_is_a_guess_or_a_leftover(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("#~") or line.startswith("#,") and "fuzzy" in line] == []


@each_catalogue
def test_placeholders_and_outer_spaces_are_kept(path):
    plural = translations(path).plural
    for entry in entries(path):
        source = entry.get("msgid_plural", entry["msgid"])
        for index, form in enumerate(forms(entry)):
            # A form for one number alone may say it in a word, as the Arabic dual does.
            is_a_word = "msgid_plural" in entry and sum(plural(number) == index for number in range(1000)) == 1
            assert placeholders(form) == placeholders(source) or (is_a_word and not placeholders(form)), entry
            assert form == source.replace(source.strip(), form.strip()), entry


@each_catalogue
def test_the_compiled_file_says_the_same(path):
    said = {}
    for entry in entries(path):
        key = f"{entry['msgctxt']}\x04{entry['msgid']}" if "msgctxt" in entry else entry["msgid"]
        plural = "msgid_plural" in entry
        said |= {(key, index) if plural else key: form for index, form in enumerate(forms(entry))}
    compiled = translations(path)._catalog
    del compiled[""]
    assert compiled == said


@pytest.mark.skipif(not shutil.which("xgettext"), reason="no gettext found")
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_no_text_in_the_source_is_missing(source, tmp_path, monkeypatch):
    copy = shutil.copytree(source, tmp_path / source.name, ignore=shutil.ignore_patterns("locale", "__pycache__"))
    (copy / "locale").mkdir()
    monkeypatch.chdir(copy)
    call_command("makemessages", locale=["de", "ar"], no_location=True, verbosity=0)
    for fresh in copy.glob("locale/*/LC_MESSAGES/django.po"):
        assert msgids(fresh) == msgids(source / fresh.relative_to(copy))

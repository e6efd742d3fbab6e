"""The reference pages name what the code has, no more and no less, and links lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import find_commands, load_command_class
from django.core.management.base import BaseCommand
from xblock.core import XBlock
from xblock.fields import Field

from companion import conf, events
from companion.standalone import cli

ROOT = Path(__file__).resolve().parents[1]
REFERENCES = ROOT / "docs" / "references"
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])

pytestmark = pytest.mark.one_database


def page(name: str) -> str:
    return (REFERENCES / name).read_text()


def rows(text: str) -> dict[str, str]:
    """The rows of a page's tables whose first cell is `code`: that code to the rest of its row."""
    return dict(re.findall(r"^\| `([^`]+)` \|(.*)$", text, re.MULTILINE))


def section(text: str, heading: str) -> str:
    """What stands under a heading, until the next of its level or above."""
    level = heading.count("#")
    return re.split(rf"^#{{1,{level}}} ", text.split(f"\n{heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def variables() -> set[str]:
    source = (ROOT / "companion" / "standalone" / "settings.py").read_text()
    return set(re.findall(r"""\benv\.\w+\(\s*["']([A-Z_]+)["']""", source))


# -- settings ------------------------------------------------------------------------------------------------


def test_every_setting_has_its_row() -> None:
    own = rows(section(page("settings.md"), "## Of the Companion"))
    assert set(own) == set(conf.DEFAULTS)
    for name, default in conf.DEFAULTS.items():
        shown = "none" if default in ((), "") else f"`{str(default).removesuffix('.0').lower()}`"
        assert own[name].split("|")[0].strip() == shown, name


def test_every_variable_of_the_service_has_its_row() -> None:
    service = rows(section(page("settings.md"), "## Of the standalone service"))
    assert len(variables()) > 10
    assert set(service) == variables() - set(conf.DEFAULTS)


def test_every_setting_can_be_given_to_the_service() -> None:
    assert set(conf.DEFAULTS) <= variables()


# -- events --------------------------------------------------------------------------------------------------


def test_every_event_has_its_row_with_all_of_its_fields() -> None:
    classes = {name: value for name, value in vars(events).items() if isinstance(value, type) and is_dataclass(value)}
    documented = rows(page("events.md"))
    assert set(documented) == set(classes)
    for name, event in classes.items():
        named = re.findall(r"`(\w+)`", documented[name].split("|")[0])
        assert named == [field.name for field in fields(event)], name


# -- fields of blocks ----------------------------------------------------------------------------------------


def fields_of(block: str) -> dict[str, Field]:
    """The fields of a block by name, without those that every XBlock has."""
    return {name: field for name, field in XBlock.load_class(block).fields.items() if name not in XBlock.fields}


def test_every_field_of_a_block_has_its_row() -> None:
    shared = fields_of("companion_discussion")
    assert set(rows(section(page("xblocks.md"), "## `companion_discussion`"))) == set(shared)
    for block in ("companion_questions", "companion_reflection"):
        check_own_fields(block, set(shared))


def check_own_fields(block: str, shared: set[str]) -> None:
    own = {name: field for name, field in fields_of(block).items() if name not in shared}
    documented = rows(section(page("xblocks.md"), f"## `{block}`"))
    assert set(documented) == set(own)
    for name, field in own.items():
        scope, _type, default, _meaning = (cell.strip() for cell in documented[name].split("|")[:4])
        assert (scope, default) == (
            field.scope.name,
            f"`{str(field.default).lower()}`" if field.default != "" else "",
        ), name


# -- commands ------------------------------------------------------------------------------------------------


def help_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit):
        cli.main([*arguments, "--help"])
    return capsys.readouterr().out


def test_every_command_of_the_service_has_its_row(capsys: pytest.CaptureFixture[str]) -> None:
    listed = re.search(r"\{([\w,]+)\}", help_of(capsys))
    assert listed
    commands = {f"companion {name}" for name in listed[1].split(",")}
    documented = rows(section(page("commands.md"), "## `companion`"))
    assert set(documented) == commands
    for command in commands - {"companion manage"}:
        options = set(re.findall(r"(--[a-z-]+)", help_of(capsys, command.split()[1]))) - {"--help"}
        assert set(re.findall(r"`(--[a-z-]+)`", documented[command].split("|")[0])) == options, command


def management_commands() -> Iterator[tuple[str, str]]:
    for label in ("companion", "companion_lti"):
        folder = Path(apps.get_app_config(label).path) / "management"
        yield from ((apps.get_app_config(label).name, name) for name in find_commands(str(folder)))


def own_options(command: BaseCommand) -> set[str]:
    """The options of a command without those that all of Django's have."""

    def options(of: BaseCommand) -> set[str]:
        parser = of.create_parser("", "")
        return {text for action in parser._actions for text in action.option_strings if text.startswith("--")}

    return options(command) - options(BaseCommand())


def test_every_management_command_has_its_section_with_all_of_its_options() -> None:
    found = list(management_commands())
    assert ("companion_lti", "lti_register") in found
    for app, name in found:
        documented = rows(section(page("commands.md"), f"### `{name}`"))
        assert set(documented) == own_options(load_command_class(app, name)), name


def test_every_target_of_the_makefile_has_its_row() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"demo", "test"} <= targets
    assert set(rows(section(page("commands.md"), "## `make`"))) == {f"make {target}" for target in targets}


# -- links ---------------------------------------------------------------------------------------------------


def prose(path: Path) -> str:
    """A page without its code blocks, in which brackets and hashes mean other things."""
    return re.sub(r"^ *```.*?^ *```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """The anchors that code hosts make of headings: lower case, no punctuation, hyphens for spaces."""
    headings = re.findall(r"^#{1,6} (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def broken_links(path: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _hash, anchor = target.partition("#")
        there = (path.parent / name).resolve() if name else path
        if not there.is_file() or (anchor and anchor not in anchors(there)):
            yield target


@pytest.mark.parametrize("path", PAGES, ids=[str(path.relative_to(ROOT)) for path in PAGES])
def test_links_lead_somewhere(path: Path) -> None:
    assert list(broken_links(path)) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# One\n\n[good](b.md#two-three) [own](#one) [web](https://example.com/x)\n")
    (tmp_path / "b.md").write_text("# Two, three\n\n[gone](c.md) ![gone](d.png) [no such heading](a.md#two)\n")
    assert list(broken_links(tmp_path / "a.md")) == []
    assert list(broken_links(tmp_path / "b.md")) == ["c.md", "d.png", "a.md#two"]

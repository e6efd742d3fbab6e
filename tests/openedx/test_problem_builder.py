"""A course that asked with Problem Builder: its blocks become ours, and our block reads them."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.core.management import CommandError, call_command

from companion.openedx.problem_builder import convert
from companion.spaces.notation import read_notation
from companion.spaces.prompts import Anchor, Format

# As Problem Builder's own documentation and its exports have it.
UNIT = """<vertical display_name="A unit">
  <html url_name="before"/>
  <problem-builder url_name="one" display_name="Your goals" weight="1.0" max_attempts="0">
    <html>Think of <b>work</b>.</html>
    <pb-answer name="goal" question="What is your goal?" min_characters="10"/>
    <pb-rating name="sure" low="Not at all" high="Very" question="How sure are you?"/>
    <pb-mcq name="lead" question="Who leads?" correct_choices="[&quot;declared&quot;]">
      <pb-choice value="eldest">The eldest</pb-choice>
      <pb-choice value="declared">Whoever <i>declared</i></pb-choice>
      <pb-tip values="[&quot;declared&quot;]">Until somebody else does.</pb-tip>
      <pb-tip values="[&quot;eldest&quot;]">No.</pb-tip>
    </pb-mcq>
    <pb-mrq name="many" question="Which?"/>
    <pb-message type="completed">Well done</pb-message>
  </problem-builder>
  <problem-builder display_name="Looking back">
    <pb-answer-recap name="goal"/>
    <pb-table><pb-column header="Then"><pb-answer-recap name="goal"/></pb-column></pb-table>
  </problem-builder>
  <video url_name="after"/>
</vertical>"""


def tree(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314


def blocks(text: str) -> list[ElementTree.Element]:
    return list(convert(tree(text)).root)


def test_it_works() -> None:
    found = convert(tree(UNIT))
    tags = [block.tag for block in found.root]
    assert tags == ["html", "html", "companion_reflection", "companion_reflection", "video"]
    assert found.count == 2
    assert found.notes == ["left out: pb-mrq many"]
    asks, recaps = (block for block in found.root if block.tag == "companion_reflection")
    goal, sure, lead = read_notation(asks.get("prompts", ""))
    assert asks.get("display_name") == "Your goals"
    assert (goal.key, goal.format, goal.title, goal.anchor) == ("goal", Format.TEXT, "What is your goal?", Anchor.UNIT)
    assert (sure.format, sure.text) == (Format.RATING, "0: Not at all · 10: Very")
    assert (lead.format, lead.options, lead.right) == (Format.RETRIEVAL, ("The eldest", "Whoever declared"), 1)
    assert lead.feedback == "Until somebody else does."
    assert (recaps.get("recaps"), recaps.get("prompts")) == ("true", None)


def test_steps_are_opened() -> None:
    [block] = blocks(
        '<vertical><step-builder><sb-step><pb-answer name="a" question="A?"/></sb-step>'
        '<sb-step><pb-answer name="a" question="B?"/></sb-step></step-builder></vertical>'
    )
    assert [prompt.key for prompt in read_notation(block.get("prompts", ""))] == ["a", "a-2"]


def test_a_block_by_itself_gets_a_unit() -> None:
    root = convert(tree('<mentoring><pb-answer name="a" question="A?"/></mentoring>')).root
    assert (root.tag, [block.tag for block in root]) == ("vertical", ["companion_reflection"])


def test_a_long_question_is_a_text_below_its_beginning() -> None:
    question = "What " * 60
    [block] = blocks(f'<vertical><mentoring><pb-answer name="a" question="{question}"/></mentoring></vertical>')
    [prompt] = read_notation(block.get("prompts", ""))
    assert len(prompt.title) <= 120
    assert prompt.text == question.strip()


def test_what_is_no_question_is_said() -> None:
    found = convert(tree('<vertical><mentoring><pb-mcq name="m" question="?"/></mentoring></vertical>'))
    assert list(found.root) == []
    assert "two options" in found.notes[0]


def test_a_course_is_converted_once(tmp_path: Path) -> None:
    (tmp_path / "vertical").mkdir()
    file = tmp_path / "vertical" / "one.xml"
    file.write_text(UNIT)
    (tmp_path / "broken.xml").write_text("<a>")
    out, err = StringIO(), StringIO()
    call_command("import_problem_builder", str(tmp_path), stdout=out, stderr=err)
    assert "2 blocks found" in out.getvalue()
    assert file.read_text() == UNIT
    assert "broken.xml" in err.getvalue()
    call_command("import_problem_builder", str(tmp_path), "--write", stdout=StringIO(), stderr=err)
    assert "companion_reflection" in file.read_text()
    out = StringIO()
    call_command("import_problem_builder", str(tmp_path), "--write", stdout=out, stderr=err)
    assert "0 blocks converted" in out.getvalue()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("import_problem_builder", str(tmp_path / "nowhere.xml"))


def test_an_entity_that_grows_is_refused(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    file = tmp_path / "bomb.xml"
    file.write_text(f'<!DOCTYPE a [<!ENTITY e0 "x">{entities}]><a>&e9;</a>')
    err = StringIO()
    call_command("import_problem_builder", str(file), stdout=StringIO(), stderr=err)
    assert "bomb.xml" in err.getvalue()

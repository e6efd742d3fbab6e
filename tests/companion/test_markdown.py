"""Text in, safe HTML out."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from companion import markdown

pytestmark = pytest.mark.one_database


def test_it_works():
    html = markdown.render("Some **bold** words, `code` and\n\n- a list")
    assert html == "<p>Some <strong>bold</strong> words, <code>code</code> and</p>\n<ul>\n<li>a list</li>\n</ul>\n"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("| a | b |\n|---|--:|\n| 1 | 2 |", '<td class="right">2</td>'),
        ("- [ ] open\n- [x] done", "☑ done"),
        ("~~gone~~", "<s>gone</s>"),
        ("A note[^1].\n\n[^1]: Here.", 'class="footnote-item"'),
        ("```python\ndef f(): ...\n```", '<span class="hl-k">def</span>'),
        ("```nosuchlanguage\n<b>\n```", "<code>&lt;b&gt;"),
        ("$x^2$", "<msup><mi>x</mi><mn>2</mn></msup>"),
        ("$$\\frac{1}{2}$$", "<mfrac>"),
        ("$\\nosuchcommand{$", "<code>\\nosuchcommand{</code>"),
        ("It costs $5, or $6.", "It costs $5, or $6."),
        ("See https://example.com", 'href="https://example.com"'),
        ("# Shouting", "<h3>Shouting</h3>"),
        ("    indented <i>", "indented &lt;i&gt;"),
        ("<b>raw</b>", "&lt;b&gt;raw&lt;/b&gt;"),
    ],
)
def test_what_people_write(text, part):
    assert part in markdown.render(text)


def test_links_leave_the_frame_and_say_nothing_of_it():
    assert markdown.render("[a](https://example.com)") == (
        '<p><a href="https://example.com" target="_blank" rel="nofollow ugc noopener noreferrer">a</a></p>\n'
    )


def test_a_picture_from_elsewhere_is_a_link_and_is_not_fetched():
    html = markdown.render("![a graph](https://tracker.example/x.png)")
    assert "<img" not in html
    assert ">a graph</a>" in html


def test_footnotes_of_two_posts_do_not_share_ids():
    text = "A[^1]\n\n[^1]: B"
    first, second = (set(re.findall(r'id="([^"]+)"', markdown.render(text))) for _post in range(2))
    assert first
    assert not first & second


class _Reader(HTMLParser):
    """Everything that a browser would run, load or show as ours."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {
            "script",
            "style",
            "img",
            "iframe",
            "object",
            "embed",
            "form",
            "input",
            "link",
            "meta",
            "base",
            "svg",
        }:
            self.bad.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in {"style", "src", "srcset", "formaction"}:
                self.bad.append(name)
            if name == "href" and not re.match(r"(https?:|mailto:|#|$)", value or ""):
                self.bad.append(f"href={value}")


def bad_in(html: str) -> list[str]:
    reader = _Reader()
    reader.feed(html)
    return reader.bad


HOSTILE = st.sampled_from(
    [
        "<script>",
        "</p>",
        "javascript:",
        "](",
        "[",
        "![",
        "onerror=",
        "<svg/onload=",
        "`",
        "$",
        "\\",
        "&#x6A;",
        "<a href=",
        "'",
        '"',
        "\n",
        "|",
        "data:text/html,",
        "<!--",
        "\u0000",
        "\\href{javascript:x}{y}",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(HOSTILE | st.text(max_size=8), max_size=20).map("".join))
@example("[x](javascript:alert(1))")
@example("<javascript:alert(1)>")
@example("$\\href{javascript:alert(1)}{x}$")
@example("[x]: javascript:alert(1)\n\n[x]")
@example('```"><script>alert(1)</script>\nx\n```')
@example('![x](" onerror="alert(1))')
def test_nothing_that_is_written_runs(text):
    assert bad_in(markdown.render(text)) == []


@pytest.mark.parametrize(
    "text",
    ["[" * 20_000, "![" * 10_000, "^[" * 10_000, "*a " * 6_000, ">" * 20_000, "`" * 20_000, "- " * 10_000]
    + ["$" + "\\frac{1}{" * 500 + "}" * 500 + "$", "$\\def\\a{\\a\\a}\\a$", "|a" * 9_000 + "\n" + "|-" * 9_000],
)
def test_a_text_made_to_be_slow_is_not(text):
    started = time.process_time()
    markdown.render(text[:20_000])
    # An order of magnitude above what it takes; a quadratic step would need minutes.
    assert time.process_time() - started < 20


def test_an_excerpt_is_plain_and_ends_at_a_word():
    html = markdown.render("Some **bold** &amp; <i> words " + "again " * 100)
    assert markdown.excerpt(html, 30) == "Some bold & <i> words again…"
    assert markdown.excerpt("<p>short</p>") == "short"


def test_the_style_sheet_of_code_is_the_one_that_is_committed():
    path = Path(markdown.__file__).parent / "web/static/companion/highlight.css"
    assert path.read_text().split("\n", 1)[1] == markdown.highlight_css()

"""Text in, safe HTML out: the only place that makes HTML from what people write.

Rendering costs milliseconds, so it happens once, when a text is written, and the HTML is stored beside it.
"""

import re
import secrets
from collections.abc import MutableMapping, Sequence
from html import escape, unescape
from typing import Any, Final

import math_core
import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

# Colouring a very long listing costs more than reading it gains.
HIGHLIGHT_LIMIT: Final = 20_000
# One level under the heading that names a post's author, whatever level was written: headings stay in order.
HEADING: Final = "h3"

_MATHML = (
    "math semantics mrow mi mn mo ms mtext mspace msqrt mroot mfrac mstyle merror mpadded mphantom msub msup"
    " msubsup munder mover munderover mmultiscripts mprescripts mtable mtr mtd"
).split()
_MATH_ATTRIBUTES = (
    "display mathvariant stretchy fence separator lspace rspace minsize maxsize symmetric largeop movablelimits"
    " accent accentunder linethickness displaystyle scriptlevel columnalign rowspan columnspan width height depth"
    " voffset form class"
).split()

_SANITIZER: Final = nh3.Cleaner(
    tags={
        *[
            "p",
            "br",
            "hr",
            "h3",
            "strong",
            "em",
            "s",
            "sup",
            "sub",
            "code",
            "pre",
            "blockquote",
            "ul",
            "ol",
            "li",
            "a",
            "span",
            "div",
            "section",
        ],
        *"table thead tbody tr th td".split(),
        *_MATHML,
    },
    attributes={
        "a": {"href", "title", "id", "class", "target", "aria-label"},
        "li": {"id", "class"},
        "ol": {"start", "class"},
        "ul": {"class"},
        "span": {"class"},
        "div": {"class", "tabindex"},
        "pre": {"class", "tabindex"},
        "code": {"class"},
        "sup": {"class"},
        "section": {"class"},
        "hr": {"class"},
        "th": {"class"},
        "td": {"class"},
        **{tag: set(_MATH_ATTRIBUTES) for tag in _MATHML},
    },
    url_schemes={"http", "https", "mailto"},
    link_rel="nofollow ugc noopener noreferrer",
    strip_comments=True,
)
_PYGMENTS: Final = HtmlFormatter(nowrap=True, classprefix="hl-")
_MATH: Final = math_core.LatexToMathML(max_expansions=100, fancy_error=False)


def render(text: str) -> str:
    """Safe HTML of a Markdown text: CommonMark, tables, strikethrough, task lists, footnotes, code, `$maths$`.

    Pictures become links (a picture from elsewhere tells its server who reads), headings become third level, raw
    HTML is shown as text. The result may be put into any page as it is.
    """
    html = _MARKDOWN.render(text, {"docId": secrets.token_hex(4)})
    return _SANITIZER.clean(html)


def excerpt(html: str, length: int = 160) -> str:
    """The first words of a rendered text, without markup and as plain text."""
    text = unescape(re.sub(r"<[^>]+>", " ", html[: length * 20]))
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1].rsplit(" ", 1)[0] + "…"


def highlight_css() -> str:
    """The style sheet of highlighted code, as committed in static/companion/highlight.css."""
    light = HtmlFormatter(classprefix="hl-", style="default").get_style_defs(".prose .code")
    dark = HtmlFormatter(classprefix="hl-", style="github-dark").get_style_defs(":root .prose .code")
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"


def _highlight(code: str, language: str, _attributes: str) -> str:
    if not language or len(code) > HIGHLIGHT_LIMIT:
        return ""
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        return ""
    return str(highlight(code, lexer, _PYGMENTS))


def _render_math(content: str, options: dict[str, Any]) -> str:
    """MathML, or the source as code where it cannot be read: a formula half right is worse than its source."""
    try:
        return _MATH.convert_with_local_state(content, displaystyle=bool(options["display_mode"]))
    except Exception:
        return f"<code>{escape(content)}</code>"


def _headings_in_order(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
) -> str:
    return f"<{HEADING}>" if tokens[index].nesting == 1 else f"</{HEADING}>\n"


def _image_as_link(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
) -> str:
    source = escape(str(tokens[index].attrs.get("src", "")))
    label = escape(tokens[index].content or source)
    return f'<a href="{source}" target="_blank">{label}</a>'


def _link_open(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
) -> str:
    if not str(tokens[index].attrs.get("href", "")).startswith("#"):
        tokens[index].attrSet("target", "_blank")
    return str(self.renderToken(tokens, index, options, env))


def _fence(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
    token = tokens[index]
    words = token.info.split(maxsplit=1)
    code = _highlight(token.content, words[0] if words else "", "") or escape(token.content)
    # Focusable, because a wide listing scrolls and a keyboard must be able to scroll it (WCAG 2.1.1).
    return f'<pre class="code" tabindex="0"><code>{code}</code></pre>\n'


def _code_block(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
) -> str:
    return f'<pre class="code" tabindex="0"><code>{escape(tokens[index].content)}</code></pre>\n'


def _wrap_table(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
) -> str:
    opening = tokens[index].nesting == 1
    return '<div class="table" tabindex="0"><table>\n' if opening else "</table></div>\n"


def _cell(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
    token = tokens[index]
    style = str(token.attrs.get("style", ""))
    if style.startswith("text-align:"):
        return f'<{token.tag} class="{style.removeprefix("text-align:")}">'
    return f"<{token.tag}>"


_CHECKBOX = re.compile(r'<input class="task-list-item-checkbox"[^>]*>')


def _task_boxes(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
) -> str:
    """A character instead of the plugin's disabled input, which would need a label of its own."""
    return str(_CHECKBOX.sub(lambda box: "☑" if "checked=" in box[0] else "☐", tokens[index].content))


def _build() -> MarkdownIt:
    markdown = (
        MarkdownIt("commonmark", {"html": False, "linkify": True, "maxNesting": 40})
        .enable(["table", "strikethrough", "linkify"])
        .use(tasklists_plugin)
        .use(footnote_plugin)
        .use(
            dollarmath_plugin,
            allow_labels=False,
            allow_space=False,
            allow_digits=False,
            double_inline=True,
            renderer=_render_math,
        )
    )
    rules = {
        "heading_open": _headings_in_order,
        "heading_close": _headings_in_order,
        "image": _image_as_link,
        "link_open": _link_open,
        "fence": _fence,
        "code_block": _code_block,
        "table_open": _wrap_table,
        "table_close": _wrap_table,
        "th_open": _cell,
        "td_open": _cell,
        "html_inline": _task_boxes,
    }
    for name, rule in rules.items():
        markdown.add_render_rule(name, rule)
    return markdown


_MARKDOWN: Final = _build()

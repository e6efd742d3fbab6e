"""Text in, safe HTML out: the only place that makes HTML from what people write.

Rendering costs milliseconds, so it happens once, when a text is written, and the HTML is stored beside it.
"""

import re
import secrets
from collections.abc import Callable, Mapping, MutableMapping, Sequence
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
            "img",
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
        "img": {"src", "alt", "width", "height", "loading"},
        "pre": {"class", "tabindex"},
        "code": {"class"},
        "sup": {"class"},
        "section": {"class"},
        "hr": {"class"},
        "th": {"class"},
        "td": {"class"},
        **{tag: set(_MATH_ATTRIBUTES) for tag in _MATHML},
    },
    url_schemes={"http", "https", "mailto", "companion-picture"},
    link_rel="nofollow ugc noopener noreferrer",
    strip_comments=True,
)
_PYGMENTS: Final = HtmlFormatter(nowrap=True, classprefix="hl-")
_MATH: Final = math_core.LatexToMathML(max_expansions=100, fancy_error=False)


# How a text names a picture of our own: `![alt](companion-picture:<32 hex digits>)`. Pages put the address in, because
# it differs from mount to mount.
PICTURE: Final = re.compile(r"companion-picture:([0-9a-f]{32})")

# For each text after an @: how many of its characters name somebody.
FindMentions = Callable[[Sequence[str]], Sequence[int]]
# Width and height of those of the named pictures that may be shown.
FindPictures = Callable[[Sequence[str]], Mapping[str, tuple[int, int]]]


def render(text: str, *, find_mentions: FindMentions | None = None, find_pictures: FindPictures | None = None) -> str:
    """Safe HTML of a Markdown text: CommonMark, tables, strikethrough, task lists, footnotes, code, `$maths$`.

    Pictures from elsewhere become links (they tell their server who reads), headings become third level, raw HTML is
    shown as text. The result may be put into any page, after `with_pictures`.
    """
    env: dict[str, Any] = {"docId": secrets.token_hex(4), "pictures": {}}
    if find_pictures is not None and (tokens := list(dict.fromkeys(PICTURE.findall(text)))):
        env["pictures"] = find_pictures(tokens)
    if find_mentions is None or "@" not in text:
        return _SANITIZER.clean(_MARKDOWN.render(text, env))
    parsed = _MARKDOWN.parse(text, env)
    _mark_mentions(parsed, find_mentions)
    return _SANITIZER.clean(_MARKDOWN.renderer.render(parsed, _MARKDOWN.options, env))


def with_pictures(html: str, address: Callable[[str], str]) -> str:
    """Rendered HTML with the addresses of its pictures: `address(token)` gives one."""
    if 'src="companion-picture:' not in html:
        return html
    return _SOURCE.sub(lambda source: f'src="{escape(address(source[1]))}"', html)


_SOURCE: Final = re.compile(r'src="companion-picture:([0-9a-f]{32})"')
# At the start or behind something that is no part of an address (me@example.com).
_AT: Final = re.compile(r"(?<![\w@/.+-])@(?=[\w#])")


def without_pictures(html: str) -> str:
    """The same with what they show in words, for readers of another activity: pictures belong to theirs."""
    return _PICTURE_TAG.sub(r"<em>[\1]</em>", html)


_PICTURE_TAG: Final = re.compile(r'<img src="companion-picture:[0-9a-f]{32}" alt="([^"]*)"[^>]*>')


def _mark_mentions(parsed: Sequence[Token], find_mentions: FindMentions) -> None:
    """Put the names of people, in plain text and nowhere else, into a span of their own."""
    texts: list[tuple[Token, int, re.Match[str]]] = []
    for block in parsed:
        depth = 0
        for child in block.children or ():
            depth += (child.type == "link_open") - (child.type == "link_close")
            if child.type == "text" and not depth:
                texts += [(block, id(child), at) for at in _AT.finditer(child.content)]
    # No name is longer; ten thousand copies of the rest of a text would be a lot.
    lengths = find_mentions([at.string[at.end() : at.end() + 120] for _block, _text, at in texts]) if texts else []
    found: dict[int, list[tuple[int, int]]] = {}
    for (_block, text, at), length in zip(texts, lengths, strict=True):
        if length:
            found.setdefault(text, []).append((at.start(), at.end() + length))
    for block in {id(block): block for block, _text, _at in texts}.values():
        block.children = [new for child in block.children or () for new in _split_text(child, found.get(id(child), ()))]


def _split_text(child: Token, places: Sequence[tuple[int, int]]) -> list[Token]:
    if not places:
        return [child]
    tokens: list[Token] = []
    position = 0
    for start, end in places:
        if start < position:
            continue
        tokens.append(Token("text", "", 0, content=child.content[position:start]))
        tokens.append(Token("mention_open", "span", 1, attrs={"class": "mention"}))
        tokens.append(Token("text", "", 0, content=child.content[start:end]))
        tokens.append(Token("mention_close", "span", -1))
        position = end
    return [*tokens, Token("text", "", 0, content=child.content[position:])]


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


def _image(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
    """A picture of our own that may be shown here; any other becomes a link."""
    own = PICTURE.fullmatch(str(tokens[index].attrs.get("src", "")))
    if own:
        size = env["pictures"].get(own[1])
        alt = escape(tokens[index].content)
        if size is None:
            return f"<em>[{alt}]</em>"
        return f'<img src="companion-picture:{own[1]}" alt="{alt}" width="{size[0]}" height="{size[1]}" loading="lazy">'
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
        "image": _image,
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

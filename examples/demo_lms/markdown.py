"""Unit texts to HTML. The texts are ours, so nothing is sanitised; `- [ ]` becomes a tick box."""

from __future__ import annotations

from markdown_it import MarkdownIt
from mdit_py_plugins.tasklists import tasklists_plugin

_MARKDOWN = MarkdownIt("commonmark").enable("table").use(tasklists_plugin, enabled=True, label=True)


def to_html(text: str) -> str:
    return str(_MARKDOWN.render(text))

"""A small stock of posts, rendered once: what is measured is reading them, not making them."""

from __future__ import annotations

from random import Random

from companion import markdown

WORDS = (
    "unit video question answer learner course example table figure risk safety report manager client valve pressure"
    " invoice contract exercise checklist deadline meeting because before after however instead usually never always"
    " think tried found works fails changed follows depends shows means asked wrote measured compared applied"
).split()

FIRST_NAMES = "Ana Ben Chen Dee Eva Farid Grace Hugo Ines Jonas Kofi Lena Malik Nora Omar Priya Quentin Rosa".split()
LAST_NAMES = "Torres Okafor Wei Duarte Novak Haddad Lindqvist Meyer Costa Berg Mensah Fischer Rahman Silva".split()


def sentence(rng: Random, length: int = 12) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randint(length // 2, length))).capitalize() + "."


def paragraph(rng: Random, sentences: int) -> str:
    return " ".join(sentence(rng) for _ in range(sentences))


def bodies(rng: Random) -> list[tuple[str, str]]:
    """(source, HTML) of 24 posts, 20 to 1,500 characters long, 400 on average: prose, lists, code, a table."""
    sources = [sentence(rng, 6) for _ in range(6)]
    sources += [paragraph(rng, number) for number in (2, 3, 3, 4, 4, 5, 6, 7)]
    sources += [f"{paragraph(rng, 3)}\n\n> {sentence(rng)}\n\n{paragraph(rng, number)}" for number in (2, 4, 6)]
    sources += [f"**{sentence(rng, 6)}**\n\n- {sentence(rng)}\n- {sentence(rng)}\n- see https://example.com/guide"] * 2
    sources += [f"{paragraph(rng, 2)}\n\n```python\nfor step in plan:\n    check(step, limit=3)\n```\n"] * 2
    sources += [f"{sentence(rng)}\n\n| step | hours |\n|---|--:|\n| plan | 3 |\n| try | 12 |\n\n{paragraph(rng, 4)}"]
    sources += [f"{paragraph(rng, 9)}\n\n{paragraph(rng, 8)}"] * 2
    return [(source, markdown.render(source)) for source in sources]


def long_text(rng: Random) -> str:
    """2,000 characters with what people use: paragraphs, a list, a quotation, code, a link, a formula."""
    text = (
        f"{paragraph(rng, 4)}\n\n- {sentence(rng)}\n- *{sentence(rng)}*\n\n> {paragraph(rng, 2)}\n\n"
        "```python\nfor step in plan:\n    check(step, limit=3)\n```\n\n"
        f"See https://example.com/guide and $a^2 + b^2 = c^2$.\n\n{paragraph(rng, 30)}"
    )
    return text[:2_000]

"""A real demo (LMS, Companion and worker) on free ports, and people with real browsers in front of it."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, Playwright, expect, sync_playwright

from examples.demo_lms import run
from tests import services

# A page of the demo may be long in coming where another process of the tests has the processor.
expect.set_options(timeout=20_000)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A frame that goes from site to site within a second, as a launch does, changes its process each time, and one time
    # in a hundred Playwright goes on looking at the one that was left. What a cookie is allowed does not depend on it.
    "--disable-site-isolation-trials",
]
# How Chromium is told to treat cookies. "none" is a person who blocks the tool's site altogether.
# Debian's Chromium blocks third-party cookies where nothing else is said.
ALLOWED = {"profile": {"block_third_party_cookies": False, "cookie_controls_mode": 0}}
THIRD_PARTY_BLOCKED = {"profile": {"block_third_party_cookies": True, "cookie_controls_mode": 1}}
LEFT_TO_THE_BROWSER = {"profile": {"cookie_controls_mode": 0}}
WIDE, FRAME, PHONE, NARROW = (1280, 900), (900, 474), (360, 740), (320, 640)


class Demo:
    """The addresses of a running demo."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.env = run.environment(self.port, folder)
        # All stories are told by a few people within a few minutes; the limit has tests of its own.
        self.env["COMPANION_MOST_POSTS"] = "0"
        self.lms = self.env["DEMO_LMS_URL"]
        self.tool = self.env["COMPANION_URL"]
        run.prepare(self.env)
        self.processes = run.start(self.env, self.port)
        run.wait_until_ready(self.env, self.processes)

    def stop(self) -> None:
        run.stop(self.processes)

    def manage(self, *arguments: str) -> str:
        command = [*run.COMPANION, "manage", *arguments]
        return subprocess.run(command, env=self.env, check=True, capture_output=True, text=True).stdout


def free_port() -> int:
    """A port whose neighbour is free too: the LMS takes the first, the Companion the second."""
    for _attempt in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise RuntimeError("no two free ports side by side")


class Visitor:
    """One person's browser window, signed in at the LMS."""

    def __init__(self, demo: Demo, context: BrowserContext, name: str) -> None:
        self.demo, self.context = demo, context
        self.page: Page = context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._note)
        self.page.goto(f"{demo.lms}/sign-in")
        self.page.get_by_role("button", name=name).first.click()

    def _note(self, message: Any) -> None:
        # The content security policy and broken scripts speak here; a refused form (422) is the page's business.
        if message.type == "error" and "status of 4" not in message.text:
            self.problems.append(message.text)

    def open_unit(self, slug: str = "declaring-an-incident", *, course: int = 2, fixed: bool = True) -> Frame:
        """Open a unit and wait for the Companion in its frame."""
        self.page.goto(f"{self.demo.lms}/courses/{course}/units/{slug}/{'?fixed=1' if fixed else ''}")
        return self.frame()

    def open_window(self, slug: str = "declaring-an-incident", *, course: int = 2) -> Page:
        """The Companion in a window of its own, with nothing of the LMS around it."""
        self.page.goto(f"{self.demo.lms}/courses/{course}/units/{slug}/?fixed=1")
        link = self.page.get_by_role("link", name="Open in a new window").first.get_attribute("href")
        page = self.context.new_page()
        page.goto(f"{self.demo.lms}{link}")
        page.wait_for_url(lambda url: "/lti/s/" in url, wait_until="domcontentloaded")
        return page

    def frame(self) -> Frame:
        handle = self.page.wait_for_selector("iframe.tool")
        frame = handle.content_frame()
        assert frame is not None
        # Not "load": a video of another site in the page may be long in not coming.
        frame.wait_for_url(
            lambda url: url.startswith(self.demo.tool) and "/lti/s/" in url, wait_until="domcontentloaded"
        )
        frame.wait_for_selector("main")
        return frame


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser_with(
    demo: Demo, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Browser]:
    """`browser_with("blocked")`: a browser told to treat cookies like that. Each is started once."""
    started: dict[str, Browser] = {}

    def start(cookies: str) -> Browser:
        if cookies not in started:
            profile = tmp_path_factory.mktemp("profile")
            (profile / "Default").mkdir()
            (profile / "Default" / "Preferences").write_text(json.dumps(_preferences(demo, cookies)))
            # Only a profile on disk has preferences; what is opened beside its own window inherits them.
            own = playwright.chromium.launch_persistent_context(
                str(profile), executable_path=services.chromium_path(), args=ARGUMENTS
            )
            assert own.browser is not None
            started[cookies] = own.browser
        return started[cookies]

    return start


def _preferences(demo: Demo, cookies: str) -> dict[str, Any]:
    ways = {"allowed": ALLOWED, "left to the browser": LEFT_TO_THE_BROWSER}
    preferences: dict[str, Any] = deepcopy(ways.get(cookies, THIRD_PARTY_BLOCKED))
    if cookies.startswith("none"):
        # "none in frames" is a browser that knows no partitioned cookies.
        rule = {f"{demo.tool},{demo.lms if cookies == 'none in frames' else '*'}": {"setting": 2}}
        preferences["profile"]["content_settings"] = {"exceptions": {"cookies": rule}}
    return preferences


@pytest.fixture
def visit(demo: Demo, browser_with: Callable[[str], Browser]) -> Iterator[Callable[..., Visitor]]:
    """`visit("Ana Torres", cookies="blocked")`: each with nothing kept; no page may have had a script or CSP error."""
    contexts: list[BrowserContext] = []
    visitors: list[Visitor] = []

    def open_browser(name: str, *, cookies: str = "allowed", size: tuple[int, int] = WIDE, **options: Any) -> Visitor:
        context = browser_with(cookies).new_context(viewport={"width": size[0], "height": size[1]}, **options)
        context.set_default_timeout(60_000)
        contexts.append(context)
        visitors.append(Visitor(demo, context, name))
        return visitors[-1]

    yield open_browser
    for context in contexts:
        context.close()
    assert [problem for visitor in visitors for problem in visitor.problems] == []

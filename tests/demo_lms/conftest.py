"""The demo LMS in its own process, and tools that are no more than a key, its key set and what was posted to them."""

from __future__ import annotations

import html
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ROOT = Path(__file__).resolve().parents[2]
CLIENT_ID = "course-companion-demo"
LTI = "https://purl.imsglobal.org/spec/lti/claim"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim"
TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
AGS = "https://purl.imsglobal.org/spec/lti-ags"
ROSTER = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
NOTICES = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
COLUMNS = f"{AGS}/scope/lineitem {AGS}/scope/score {AGS}/scope/result.readonly"


class Tool:
    """Signs what a tool would sign, serves its key set over HTTP, and keeps what is `posted` to it."""

    def __init__(self, client_id: str = CLIENT_ID) -> None:
        self.client_id, self.deployment_id = client_id, "1"
        self.posted: list[dict[str, Any]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://localhost:{self.server.server_address[1]}"
        serve = partial(self.server.serve_forever, poll_interval=0.05)
        threading.Thread(target=serve, daemon=True).start()

    @cached_property
    def key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def key_set(self) -> dict[str, Any]:
        jwk = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [jwk | {"kid": "one", "alg": "RS256", "use": "sig"}]}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        tool = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps(tool.key_set()).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                tool.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        return Handler

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def sign(self, claims: dict[str, Any], *, kid: str = "one", key: Any = None) -> str:
        now = int(time.time())
        return jwt.encode(
            {"iss": self.client_id, "iat": now, "exp": now + 60} | claims, key or self.key, "RS256", {"kid": kid}
        )

    def metadata(self, **changes: Any) -> dict[str, Any]:
        """What it registers itself with."""
        return {
            "application_type": "web",
            "response_types": ["id_token"],
            "grant_types": ["implicit", "client_credentials"],
            "initiate_login_uri": f"{self.url}/login",
            "redirect_uris": [f"{self.url}/launch"],
            "client_name": "Second tool",
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_method": "private_key_jwt",
            "scope": f"{COLUMNS} {NOTICES}",
            TOOL_CONFIGURATION: self.configuration(),
        } | changes

    def configuration(self, **changes: Any) -> dict[str, Any]:
        return {
            "domain": "localhost",
            "target_link_uri": f"{self.url}/launch",
            "claims": ["iss", "sub", "name"],
            "messages": [{"type": "LtiResourceLinkRequest"}, {"type": "LtiDeepLinkingRequest"}],
            "custom_parameters": {"course": "$Context.id"},
        } | changes


@dataclass(frozen=True)
class Lms:
    url: str
    tool: Tool
    folder: Path

    def browser(self, person: str) -> requests.Session:
        session = requests.Session()
        fields = hidden_fields(session.get(f"{self.url}/sign-in", timeout=5).text)
        session.post(f"{self.url}/sign-in", data=fields | {"person": person}, timeout=5)
        return session

    def get(self, browser: requests.Session, path: str) -> requests.Response:
        return browser.get(f"{self.url}/{path}", timeout=5)

    def submit(self, browser: requests.Session, path: str, **fields: str) -> requests.Response:
        """Post a form as a page of the LMS would, with the browser's CSRF token."""
        known = hidden_fields(self.get(browser, "sign-in").text)
        form = {"csrfmiddlewaretoken": known["csrfmiddlewaretoken"]} | fields
        return browser.post(f"{self.url}/{path}", data=form, timeout=5)

    def authorize(self, browser: requests.Session, path: str, tool: Tool | None = None) -> requests.Response:
        """Start a launch and answer its login form as `tool` would, which may not be the one that was asked."""
        tool = tool or self.tool
        login = hidden_fields(self.get(browser, path).text)
        params = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": tool.client_id,
            "redirect_uri": f"{tool.url}/lti/launch" if tool is self.tool else f"{tool.url}/launch",
            "login_hint": login["login_hint"],
            "lti_message_hint": login["lti_message_hint"],
            "state": "state",
            "nonce": "nonce",
        }
        return browser.get(f"{self.url}/auth", params=params, timeout=5)

    def launch(self, browser: requests.Session, path: str, tool: Tool | None = None) -> dict[str, Any]:
        """Go through a launch as far as the tool; gives its claims."""
        token = hidden_fields(self.authorize(browser, path, tool).text)["id_token"]
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        return claims

    def deep_linking_data(self, browser: requests.Session) -> str:
        """Go through a deep-linking launch as far as the tool, and bring back its `data`."""
        claims = self.launch(browser, "launch/deep-link/2/the-review/")
        data: str = claims[f"{DEEP_LINKING}/deep_linking_settings"]["data"]
        return data

    def place(self, **item: Any) -> int:
        """Ben places an activity in the last unit of course 2; gives the link's id."""
        ben, title = self.browser("ben"), f"Placed {secrets.token_hex(4)}"
        items = [{"type": "ltiResourceLink", "title": title} | item]
        token = self.tool.sign(self.answer(self.deep_linking_data(ben), **{f"{DEEP_LINKING}/content_items": items}))
        assert ben.post(f"{self.url}/deep-link-return", data={"JWT": token}, timeout=5).status_code == 200
        return self.link_id(title)

    def link_id(self, title: str) -> int:
        page = self.get(self.browser("ben"), "courses/2/units/the-review/edit").text
        found = re.search(rf'row-title">{re.escape(html.escape(title))}<.*?Link ([0-9]+)', page, re.DOTALL)
        assert found, title
        return int(found[1])

    def token(self, scope: str, tool: Tool | None = None, **changes: Any) -> requests.Response:
        """Ask for an access token."""
        tool = tool or self.tool
        claims = {"sub": tool.client_id, "aud": f"{self.url}/token", "jti": secrets.token_hex(8)} | changes
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": tool.sign(claims),
            "scope": scope,
        }
        return requests.post(f"{self.url}/token", data=form, timeout=5)

    def bearer(self, scope: str, tool: Tool | None = None) -> dict[str, str]:
        """The header that opens the services of a scope."""
        return {"Authorization": f"Bearer {self.token(scope, tool).json()['access_token']}"}

    def offer(self) -> dict[str, str]:
        """An administrator asks to add a tool; gives what the tool's page finds in its query."""
        page = self.submit(self.browser("admin"), "tools/add", url="http://localhost:1/register?theme=dark").text
        found = re.search(r'<iframe class="tool" src="([^"]+)"', page)
        assert found
        query = parse_qs(urlsplit(html.unescape(found[1])).query)
        return {name: values[0] for name, values in query.items()}

    def register(self, metadata: Any, token: str | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {token or self.offer()['registration_token']}"}
        return requests.post(f"{self.url}/register", json=metadata, headers=headers, timeout=5)

    def switch(self, tool: Tool, **fields: str) -> None:
        """An administrator activates (`active="1"`) or deactivates a tool that registered itself."""
        answer = self.submit(self.browser("admin"), f"tools/{tool.deployment_id}/activate", **fields)
        assert answer.status_code == 200

    def answer(self, data: str, **changes: Any) -> dict[str, Any]:
        """Claims of a deep-linking response that places one activity."""
        return {
            "aud": self.url,
            "nonce": secrets.token_hex(8),
            f"{LTI}/deployment_id": "1",
            f"{LTI}/version": "1.3.0",
            f"{LTI}/message_type": "LtiDeepLinkingResponse",
            f"{DEEP_LINKING}/data": data,
            f"{DEEP_LINKING}/content_items": [{"type": "ltiResourceLink", "title": "Placed by a test"}],
        } | changes


class _Hidden(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "input" and values.get("type") == "hidden":
            self.fields[values["name"] or ""] = values["value"] or ""


def hidden_fields(page: str) -> dict[str, str]:
    parser = _Hidden()
    parser.feed(page)
    return parser.fields


@pytest.fixture(scope="session")
def lms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lms]:
    tool = Tool()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    folder = tmp_path_factory.mktemp("demo_lms")
    environ = os.environ | {"DEMO_LMS_URL": url, "DEMO_TOOL_URL": tool.url, "DEMO_LMS_DIR": str(folder)}
    environ.pop("DJANGO_SETTINGS_MODULE", None)
    subprocess.run([sys.executable, "-m", "examples.demo_lms.seed"], cwd=ROOT, env=environ, check=True)
    serve = ["-m", "granian", "--interface", "wsgi", "--port", port, "examples.demo_lms.wsgi:application"]
    process = subprocess.Popen([sys.executable, *serve], cwd=ROOT, env=environ)
    try:
        _wait_for(url)
        yield Lms(url, tool, folder)
    finally:
        process.terminate()
        process.wait(timeout=10)
        tool.stop()


@pytest.fixture
def second(lms: Lms) -> Iterator[Tool]:
    """A tool that registered itself and that an administrator let in."""
    tool = Tool()
    registered = lms.register(tool.metadata()).json()
    tool.client_id = registered["client_id"]
    tool.deployment_id = registered[TOOL_CONFIGURATION]["deployment_id"]
    lms.switch(tool, active="1")
    yield tool
    lms.submit(lms.browser("admin"), f"tools/{tool.deployment_id}/remove")
    tool.stop()


def _wait_for(url: str) -> None:
    for _attempt in range(100):
        try:
            requests.get(f"{url}/jwks", timeout=5)
            return
        except requests.ConnectionError:
            time.sleep(0.1)
    pytest.fail("The demo LMS did not start.")

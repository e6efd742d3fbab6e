"""The demo LMS in its own process, and a tool that is no more than a key and its key set."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ROOT = Path(__file__).resolve().parents[2]
CLIENT_ID = "course-companion-demo"
LTI = "https://purl.imsglobal.org/spec/lti/claim"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim"


class Tool:
    """Signs what a tool would sign, and serves its key set over HTTP."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        jwk = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        body = json.dumps({"keys": [jwk | {"kid": "one", "alg": "RS256", "use": "sig"}]}).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        return Handler

    def sign(self, claims: dict[str, Any], *, kid: str = "one", key: Any = None) -> str:
        now = int(time.time())
        return jwt.encode(
            {"iss": CLIENT_ID, "iat": now, "exp": now + 60} | claims, key or self.key, "RS256", {"kid": kid}
        )


@dataclass(frozen=True)
class Lms:
    url: str
    tool: Tool

    def browser(self, person: str) -> requests.Session:
        session = requests.Session()
        fields = hidden_fields(session.get(f"{self.url}/sign-in", timeout=5).text)
        session.post(f"{self.url}/sign-in", data=fields | {"person": person}, timeout=5)
        return session

    def deep_linking_data(self, browser: requests.Session) -> str:
        """Go through a deep-linking launch as far as the tool, and bring back its `data`."""
        page = browser.get(f"{self.url}/launch/deep-link/2/the-review/", timeout=5).text
        login = hidden_fields(page)
        answer = browser.get(
            f"{self.url}/auth",
            params={
                "scope": "openid",
                "response_type": "id_token",
                "response_mode": "form_post",
                "prompt": "none",
                "client_id": CLIENT_ID,
                "redirect_uri": f"{self.tool.url}/lti/launch",
                "login_hint": login["login_hint"],
                "lti_message_hint": login["lti_message_hint"],
                "state": "state",
                "nonce": "nonce",
            },
            timeout=5,
        )
        token = hidden_fields(answer.text)["id_token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        data: str = claims[f"{DEEP_LINKING}/deep_linking_settings"]["data"]
        return data

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
    folder = str(tmp_path_factory.mktemp("demo_lms"))
    environ = os.environ | {"DEMO_LMS_URL": url, "DEMO_TOOL_URL": tool.url, "DEMO_LMS_DIR": folder}
    environ.pop("DJANGO_SETTINGS_MODULE", None)
    subprocess.run([sys.executable, "-m", "examples.demo_lms.seed"], cwd=ROOT, env=environ, check=True)
    serve = ["-m", "granian", "--interface", "wsgi", "--port", port, "examples.demo_lms.wsgi:application"]
    process = subprocess.Popen([sys.executable, *serve], cwd=ROOT, env=environ)
    try:
        _wait_for(url)
        yield Lms(url, tool)
    finally:
        process.terminate()
        process.wait(timeout=10)
        tool.server.shutdown()
        tool.server.server_close()


def _wait_for(url: str) -> None:
    for _attempt in range(100):
        try:
            requests.get(f"{url}/jwks", timeout=5)
            return
        except requests.ConnectionError:
            time.sleep(0.1)
    pytest.fail("The demo LMS did not start.")

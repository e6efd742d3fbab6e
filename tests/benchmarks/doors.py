"""The two requests of a launch, as a browser sends them, on a connection that stays open.

Nothing of the Companion is imported here: what is known of it is LTI and its answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from urllib.parse import parse_qs, urlencode, urlsplit

# SQLite's writers wait 20 s for their turn; whoever has no answer by now will get none.
TIMEOUT = 60
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`status` is 0 where no answer came. `cookies` are the ones that were set, by name."""

    status: int
    location: str = ""
    cookies: Mapping[str, str]

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    @property
    def query(self) -> dict[str, str]:
        """What stands in the address that the answer leads to."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.location).query).items()}

    @property
    def handle(self) -> str:
        """The session that a launch led to: it is in the address of its pages."""
        return self.location.split("/")[3]


class Door:
    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)

    def login(self, fields: Mapping[str, str]) -> Answer:
        return self._post("/lti/login", fields, "")

    def launch(self, login: Answer, token: str) -> Answer:
        return self.launch_with(login.cookie, {"state": login.query["state"], "id_token": token})

    def launch_with(self, cookie: str, fields: Mapping[str, str]) -> Answer:
        return self._post("/lti/launch", fields, cookie)

    def close(self) -> None:
        self.connection.close()

    def _post(self, path: str, fields: Mapping[str, str], cookie: str) -> Answer:
        headers = {"Content-Type": FORM, "Cookie": cookie} if cookie else {"Content-Type": FORM}
        try:
            self.connection.request("POST", path, urlencode(fields), headers)
            response = self.connection.getresponse()
            response.read()
        except (OSError, HTTPException):
            self.connection.close()
            return Answer(status=0, cookies={})
        set_cookies = [text.partition(";")[0].partition("=") for text in response.headers.get_all("Set-Cookie", [])]
        return Answer(
            status=response.status,
            location=response.headers.get("Location", ""),
            cookies={name: value for name, _, value in set_cookies},
        )

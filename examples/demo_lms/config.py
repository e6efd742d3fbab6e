"""What the environment decides, read once: where the LMS and the tool live, and how they talk."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Config:
    """Every address of the LMS and of the tool that it starts with follows from two base URLs."""

    url: str
    tool_url: str
    directory: Path
    client_id: str
    offers_storage: bool
    resizes_frames: bool
    deployment_id: str = "1"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Config:
        return cls(
            url=environ.get("DEMO_LMS_URL", "http://127.0.0.1:8600").rstrip("/"),
            tool_url=environ.get("DEMO_TOOL_URL", "http://localhost:8601").rstrip("/"),
            directory=Path(environ.get("DEMO_LMS_DIR", "./var/demo")),
            client_id=environ.get("DEMO_LMS_CLIENT_ID", "course-companion-demo"),
            offers_storage=environ.get("DEMO_LMS_STORAGE", "1") != "0",
            resizes_frames=environ.get("DEMO_LMS_RESIZE", "1") != "0",
        )

    @property
    def issuer(self) -> str:
        return self.url

    @property
    def token_url(self) -> str:
        return f"{self.url}/token"

    @property
    def deep_link_return_url(self) -> str:
        return f"{self.url}/deep-link-return"

    @property
    def registration_url(self) -> str:
        return f"{self.url}/register"

    @property
    def tool_login_url(self) -> str:
        return f"{self.tool_url}/lti/login"

    @property
    def tool_launch_url(self) -> str:
        return f"{self.tool_url}/lti/launch"

    @property
    def tool_jwks_url(self) -> str:
        return f"{self.tool_url}/lti/jwks"

    def lineitems_url(self, context_id: str) -> str:
        """With a query string, as Moodle's: tools must put /scores before it."""
        return f"{self.url}/ags/{context_id}/lineitems?type_id=1"

    def lineitem_url(self, context_id: str, line_item_id: int) -> str:
        return f"{self.url}/ags/{context_id}/lineitems/{line_item_id}/lineitem?type_id=1"

    def memberships_url(self, context_id: str) -> str:
        return f"{self.url}/nrps/{context_id}/memberships"

    def notices_url(self, deployment_id: str) -> str:
        return f"{self.url}/notice-handlers/{deployment_id}"


CONFIG = Config.from_environ(os.environ)

"""The gradebook of a platform's course, as strict as Moodle's, on the platform's own server."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.lti.far_end import Answer, Asked, FarEnd

AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"
ALL = ("lineitem", "result.readonly", "score")


@dataclass
class Gradebook:
    """Columns by number, and who has what in them. `taken` is what was sent and taken, in order."""

    server: FarEnd
    columns: dict[int, dict[str, Any]] = field(default_factory=dict)
    results: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    taken: list[dict[str, Any]] = field(default_factory=list)
    teachers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.server.answers["/token"] = Answer({"access_token": "t", "expires_in": 3600})
        self.server.answers["/lineitems"] = self._columns

    def claim(self, *scopes: str, column: int | None = None) -> dict[str, Any]:
        """The claim of a launch; with a column, of a link that has one."""
        endpoint: dict[str, Any] = {
            "scope": [SCOPE + scope for scope in scopes or ALL],
            "lineitems": f"{self.server.url}/lineitems?type_id=1",
        }
        if column is not None:
            endpoint["lineitem"] = self.add(column)
        return {AGS: endpoint}

    def add(self, number: int, **facts: Any) -> str:
        self.columns[number] = {"id": self.url(number), "scoreMaximum": 100, "label": "Column", **facts}
        self.server.answers[f"/lineitems/{number}/lineitem/scores"] = lambda asked: self._score(number, asked)
        self.server.answers[f"/lineitems/{number}/lineitem/results"] = lambda asked: self._results(number, asked)
        return self.url(number)

    def url(self, number: int) -> str:
        return f"{self.server.url}/lineitems/{number}/lineitem?type_id=1"

    def grade_by_hand(self, number: int, sub: str, score: float | None) -> None:
        self.results[number, sub] = {"resultScore": score, "timestamp": datetime.now(UTC)}

    def grade(self, sub: str, number: int = 1) -> float | None:
        return self.results.get((number, sub), {}).get("resultScore")

    def _columns(self, asked: Asked) -> Answer:
        if asked.method == "GET":
            wanted = asked.query.get("resource_link_id", [None])[0]
            return Answer([item for item in self.columns.values() if item.get("resourceLinkId") in (wanted, None)])
        number = len(self.columns) + 1
        self.add(number, **{name: value for name, value in asked.json.items() if name != "id"})
        return Answer(self.columns[number], status=201)

    def _score(self, number: int, asked: Asked) -> Answer:
        sent = asked.json
        moment = datetime.fromisoformat(sent["timestamp"])
        held = self.results.get((number, sent["userId"]))
        if sent["userId"] in self.teachers:
            return Answer({}, status=400)
        if held and moment <= held["timestamp"]:
            return Answer({}, status=409)
        maximum = self.columns[number]["scoreMaximum"]
        score = (
            sent["scoreGiven"] / sent["scoreMaximum"] * maximum if sent["gradingProgress"] == "FullyGraded" else None
        )
        self.results[number, sent["userId"]] = {"resultScore": score, "timestamp": moment}
        self.taken.append(sent)
        return Answer(None)

    def _results(self, number: int, asked: Asked) -> Answer:
        """Of one person, or of everybody in pages of two, as a platform that pages on its own."""
        maximum = {"resultMaximum": self.columns[number]["scoreMaximum"]}
        wanted = asked.query.get("user_id", [None])[0]
        found = [
            {"userId": sub, "resultScore": held["resultScore"], "comment": held.get("comment", "")} | maximum
            for (column, sub), held in sorted(self.results.items())
            if column == number and wanted in (sub, None) and held["resultScore"] is not None
        ]
        if wanted is not None:
            return Answer(found)
        page = int(asked.query.get("page", ["1"])[0])
        links = {"Link": f'<{self.url(number).replace("?", "/results?")}&page={page + 1}>; rel="next"'}
        return Answer(found[2 * page - 2 : 2 * page], headers=links if len(found) > 2 * page else {})

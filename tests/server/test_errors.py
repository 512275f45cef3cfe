"""One shape of error per version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.parametrize("path", ["/api/nothing", "/api", "/api/runs/x/y/z", "/favicon.ico"])
def test_an_unknown_address_of_v1_is_a_sentence(serve: Callable[..., Any], path: str) -> None:
    answer = serve().client.get(path)
    assert answer.status_code == 404
    assert list(answer.json()) == ["detail"]


def test_an_unknown_address_of_v2_is_a_problem(serve: Callable[..., Any]) -> None:
    answer = serve().client.get("/api/v2/nothing")
    assert answer.status_code == 404
    assert set(answer.json()) == {
        "type", "title", "status", "code", "detail", "hint", "request_id", "position",
    }  # fmt: skip


def test_a_wrong_method_is_405_in_the_right_shape(serve: Callable[..., Any]) -> None:
    client = serve().client
    v1, v2 = client.delete("/api/runs"), client.get("/api/v2/series")
    assert (v1.status_code, list(v1.json())) == (405, ["detail"])
    assert (v2.status_code, v2.json()["status"]) == (405, 405)


def test_no_traceback_leaves_the_server(
    serve: Callable[..., Any], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()

    def broken() -> None:
        raise ZeroDivisionError("a detail of the inside")

    # A fault that no code of ours is known to have: the store's own attribute is replaced.
    monkeypatch.setattr(server.app.state.store, "projects", broken)
    answer = server.client.get("/api/v2/boot")
    assert answer.status_code == 500
    assert "inside" not in answer.text
    named = answer.json()["request_id"]
    assert answer.headers["x-request-id"] == named
    assert "content-security-policy" in answer.headers
    assert any(named in record.message and record.exc_info for record in caplog.records)


def test_every_route_with_a_run_in_it_answers_an_unknown_one_in_its_shape(
    serve: Callable[..., Any],
) -> None:
    client = serve().client
    paths = [path for path in client.get("/api/openapi.json").json()["paths"] if "run_id" in path]
    assert len(paths) > 5
    for path in paths:
        for run_id in ("nobody", "%00", "..%5c..", "x" * 300, "%ff", "\u202e"):
            answer = client.get(path.replace("{run_id}", run_id))
            assert answer.status_code == 404, path
            if path.startswith("/api/v2"):
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["code"] == "not_found"
            else:
                assert answer.json() == {"detail": "Run not found"}, path


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"runs": ["\\ud800"], "metrics": ["a"]}', 422),
        (b'{"runs": ["r"], "metrics": ["a"], "\\ud800": 1}', 422),
        (b"{", 422),
        (b"", 422),
        (b"null", 422),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
    ],
    ids=range(7),
)
def test_what_is_no_question_is_a_problem(
    serve: Callable[..., Any], body: bytes, status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = serve().client.post("/api/v2/series", content=body, headers=headers)
    code = {422: "invalid_request", 400: "bad_request"}[status]
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_form_or_a_text_is_not_taken_for_json(serve: Callable[..., Any]) -> None:
    client = serve().client
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        headers = {"Content-Type": kind}
        content = b'{"runs": ["r"], "metrics": ["a"]}'
        assert client.post("/api/v2/series", content=content, headers=headers).status_code == 422


def test_openapi_describes_every_route_with_readable_names(serve: Callable[..., Any]) -> None:
    client = serve().client
    document = client.get("/api/openapi.json").json()
    operations = [o for path in document["paths"].values() for o in path.values()]
    assert {"/api/runs", "/api/v2/experiments", "/api/v2/series"} <= set(document["paths"])
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert all(name.isidentifier() for name in names)
    assert all(operation["description"] for operation in operations)
    for operation in operations:
        (kind,) = operation["responses"]["200"]["content"].values()
        assert kind["schema"], operation["operationId"]
        assert {"400", "401", "404", "422"} <= set(operation["responses"])
    page = client.get("/api/docs").text
    assert "/api/v2/series" in page
    assert "http://" not in page
    assert "https://" not in page

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
        "type", "title", "status", "code", "detail", "hint", "request_id",
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
    assert any(named in record.message and record.exc_info for record in caplog.records)


def test_openapi_describes_every_route_with_readable_names(serve: Callable[..., Any]) -> None:
    client = serve().client
    document = client.get("/api/openapi.json").json()
    operations = [o for path in document["paths"].values() for o in path.values()]
    assert {"/api/runs", "/api/v2/experiments", "/api/v2/series"} <= set(document["paths"])
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert all(name.isidentifier() for name in names)
    assert all(operation["description"] for operation in operations)
    page = client.get("/api/docs").text
    assert "/api/v2/series" in page
    assert "http://" not in page
    assert "https://" not in page

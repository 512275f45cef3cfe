"""Who may ask: every route is tried, so that a new one can't forget the guard."""

from __future__ import annotations

import http.client
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from pydantic import SecretStr, ValidationError
from runicorn_server import Settings
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

EVIL_HOSTS = [
    "evil.test", "evil.test:23300", "127.0.0.1.evil.test", "localhost.evil.test:80", "[::2]",
    "127.0.0.1@evil.test", "evil.test#127.0.0.1", "0x7f.1.evil", "", "127.0.0.1:x", "a b",
]  # fmt: skip
OWN_HOSTS = ["127.0.0.1", "127.0.0.1:99", "localhost", "LOCALHOST:23300", "[::1]", "[::1]:80"]
FOREIGN_ORIGINS = [
    "http://evil.test", "https://127.0.0.1.evil.test", "null", "http://127.0.0.1:1", "file://",
    "http://localhost",
]  # fmt: skip


def status(server: Any, method: str, path: str, headers: list[tuple[str, str]]) -> int:
    """Ask with exactly these headers: a client library would mend some."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    connection.putheader("Content-Length", "0")
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def routes(server: Any) -> Iterator[tuple[str, str]]:
    for route in iter_route_contexts(server.app.routes):
        path = str(route.path).replace("{name:path}", "n").replace("{rest:path}", "x/y")
        path = path.replace("{rest:beside_api}", "beside")
        path = path.replace("{run_id}", "r").replace("{project}", "p").replace("{name}", "n")
        assert "{" not in path
        for method in route.methods or ["SOCKET"]:
            yield method, path


@pytest.mark.promise(11)
def test_every_route_refuses_a_foreign_host_and_every_change_a_foreign_origin(
    serve: Callable[..., Any],
) -> None:
    server = serve()
    own = ("Host", f"127.0.0.1:{server.port}")
    tried = list(routes(server))
    kinds = {method for method, _ in tried}
    assert {"GET", "POST", "SOCKET"} <= kinds
    assert len(tried) > 20
    for method, path in tried:
        if method == "SOCKET":
            for headers in ({"Origin": "http://evil.test"}, {"Sec-Fetch-Site": "cross-site"}):
                refused(server, path, headers)
            continue
        assert status(server, method, path, [("Host", "evil.test")]) == 400, path
        assert status(server, method, path, []) == 400, path
        if method not in {"GET", "HEAD"}:
            for header in (("Origin", "http://evil.test"), ("Sec-Fetch-Site", "cross-site")):
                assert status(server, method, path, [own, header]) == 403, path


def refused(server: Any, path: str, headers: dict[str, str]) -> None:
    with (
        pytest.raises(InvalidStatus) as caught,
        connect(server.socket_address(path), additional_headers=headers, proxy=None),
    ):
        pass
    assert caught.value.response.status_code == 403, path


@pytest.mark.promise(11)
def test_only_this_servers_own_names_are_answered(serve: Callable[..., Any]) -> None:
    server = serve(allowed_hosts=["gpu-03"])
    for host in EVIL_HOSTS:
        assert status(server, "GET", "/api/health", [("Host", host)]) == 400, host
    twice = [("Host", "127.0.0.1"), ("Host", "evil.test")]
    assert status(server, "GET", "/api/health", twice) == 400
    for host in [*OWN_HOSTS, "gpu-03", "GPU-03:8080"]:
        assert status(server, "GET", "/api/health", [("Host", host)]) == 200, host


@pytest.mark.promise(11)
@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_a_page_of_another_origin_opens_no_socket_and_posts_nothing(
    serve: Callable[..., Any], origin: str
) -> None:
    server = serve()
    own = ("Host", f"127.0.0.1:{server.port}")
    assert status(server, "POST", "/api/v2/series", [own, ("Origin", origin)]) == 403
    refused(server, "/api/v2/live", {"Origin": origin})


def test_this_servers_own_page_is_let_in(serve: Callable[..., Any]) -> None:
    server = serve()
    headers = {"Origin": server.address, "Sec-Fetch-Site": "same-origin"}
    answer = server.client.post("/api/v2/series", json={}, headers=headers)
    assert answer.status_code == 422
    with connect(
        server.socket_address("/api/v2/live"), additional_headers=headers, proxy=None
    ) as socket:
        socket.send('{"sub":[]}')


@pytest.mark.promise(11)
def test_with_a_token_every_route_needs_it(serve: Callable[..., Any]) -> None:
    server = serve(token="secret-token")
    own = ("Host", f"127.0.0.1:{server.port}")
    for method, path in routes(server):
        if method == "SOCKET":
            refused(server, path, {})
            refused(server, f"{path}?token=other-token", {})
        else:
            assert status(server, method, path, [own]) == 401, path
    client = server.client
    for wrong in ("Bearer other", "Basic secret-token", "Bearer", "Bearer séc", "secret-token"):
        answer = client.get("/api/runs", headers={"Authorization": wrong.encode()})
        assert answer.status_code == 401, wrong
        assert list(answer.json()) == ["detail"]
    assert answer.headers["www-authenticate"] == "Bearer"
    assert client.get("/api/runs?token=secret-token").status_code == 401
    right = {"Authorization": "Bearer secret-token"}
    assert client.get("/api/runs", headers=right).status_code == 200
    with connect(server.socket_address("/api/v2/live?token=secret-token"), proxy=None):
        pass
    with connect(server.socket_address("/api/v2/live"), additional_headers=right, proxy=None):
        pass


@pytest.mark.promise(11)
def test_a_browser_gets_in_by_a_link_that_works_once(serve: Callable[..., Any]) -> None:
    server = serve(token="secret-token")
    client, link = server.client, f"/?code={server.app.state.door.code}"
    assert client.get("/?code=wrong").status_code == 401
    assert client.get("/?code=").status_code == 401
    welcome = client.get(link)
    assert (welcome.status_code, welcome.headers["location"]) == (303, "/")
    (cookie,) = welcome.headers.get_list("set-cookie")
    assert "HttpOnly" in cookie
    assert "secret-token" not in cookie
    assert client.get("/api/v2/boot").status_code == 200  # the client kept the cookie
    own = {"Cookie": cookie.partition(";")[0]}
    with connect(server.socket_address("/api/v2/live"), additional_headers=own, proxy=None):
        pass
    client.cookies.clear()
    assert client.get(link).status_code == 401
    assert client.get("/?code=").status_code == 401


@pytest.mark.promise(11)
@pytest.mark.parametrize("token", ["", "short", "not a\nheader", "schlüssel-wort"])
def test_a_token_that_guards_nothing_is_refused(root: Path, token: str) -> None:
    with pytest.raises(ValidationError, match="printable ASCII"):
        Settings(root=root, token=SecretStr(token))


@pytest.mark.promise(11)
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "gpu-03"])
def test_no_application_listens_to_others_without_a_token(root: Path, host: str) -> None:
    with pytest.raises(ValidationError, match="RUNICORN_TOKEN"):
        Settings(root=root, host=host)
    assert Settings(root=root, host=host, token=SecretStr("secret-token")).host == host


def test_a_body_beyond_the_limit_is_refused(serve: Callable[..., Any]) -> None:
    server = serve()
    headers = [("Host", "127.0.0.1"), ("Content-Type", "application/json")]
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest("POST", "/api/v2/series", skip_host=True)
    for name, value in [*headers, ("Content-Length", str(17 << 20))]:
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_a_body_that_does_not_tell_its_length_is_counted(serve: Callable[..., Any]) -> None:
    answer = serve().client.post(
        "/api/v2/series",
        content=(b" " * (1 << 20) for _ in range(17)),
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.promise(11)
def test_answers_carry_the_security_headers(serve: Callable[..., Any]) -> None:
    client = serve().client
    for path in ("/api/health", "/api/docs", "/", "/api/nothing"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


@pytest.mark.promise(11)
def test_links_and_pipes_in_a_run_folder_show_nothing_of_elsewhere_and_hang_nobody(
    serve: Callable[..., Any], write_run: Callable[..., Path], tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text('{"project": "secret"}\n', encoding="utf-8")
    write_run("good", lines=[{"a": 1.0, "global_step": 1}])
    linked = write_run("linked", age_s=1)
    for name in ("logs.txt", "events.jsonl", "meta.json"):
        (linked / name).unlink(missing_ok=True)
        (linked / name).symlink_to(secret)
    piped = write_run("piped", age_s=2)
    (piped / "events.jsonl").unlink()
    os.mkfifo(piped / "events.jsonl")
    server = serve()
    client = server.client
    assert "secret" not in client.get("/api/runs").text
    for run_id in ("linked", "piped"):
        assert client.get(f"/api/runs/{run_id}/metrics").json()["rows"] == []
        assert client.get(f"/api/v2/experiments/{run_id}").json()["experiment"]["n_problems"] >= 1
    assert client.get("/api/v2/experiments/good").json()["experiment"]["n_problems"] == 0
    with (
        connect(server.socket_address("/api/runs/linked/logs/ws"), proxy=None) as socket,
        pytest.raises(TimeoutError),
    ):
        socket.recv(timeout=0.5)

"""The page: its files, its base address, and the first answer inside of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HTML = """<!doctype html><html><head><base href="./"><title>Runicorn</title>
<script type="application/json" id="boot">null</script>
<script type="module" src="assets/index-abc.js"></script></head><body></body></html>
"""
BLOCK = re.compile(r'<script type="application/json" id="boot">(.*?)</script>', re.DOTALL)


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A built page."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(HTML, encoding="utf-8")
    (folder / "icon.svg").write_text("<svg/>", encoding="utf-8")
    (folder / "assets" / "index-abc.js").write_text("export {};", encoding="utf-8")
    return folder


@pytest.mark.parametrize("path", ["/", "/p/vision", "/p/v1.5/deep", "/r/run.id/logs", "/p/a%2Fb"])
def test_every_address_of_the_page_is_the_page_with_its_first_answer(
    serve: Callable[..., Any], write_run: Callable[..., Path], static: Path, path: str
) -> None:
    write_run("run")
    client = serve(static=static).client
    answer = client.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    assert '<base href="/">' in answer.text
    (block,) = BLOCK.findall(answer.text)
    assert json.loads(block) == client.get("/api/v2/boot").json()


@pytest.mark.promise(11)
@pytest.mark.parametrize("project", ["<script>", "a\u2028b\u2029", "<!--", 'x"y&z'])
def test_no_name_of_a_project_breaks_out_of_the_first_answer(
    serve: Callable[..., Any], write_run: Callable[..., Path], static: Path, project: str
) -> None:
    write_run("run", project)
    html = serve(static=static).client.get("/").text
    (block,) = BLOCK.findall(html)
    assert json.loads(block)["projects"][0]["project"] == project
    assert not set("<\u2028\u2029") & set(block)
    assert html.count("<script") == 2


def test_behind_a_prefix_the_base_is_the_prefix_and_the_guard_holds(
    serve: Callable[..., Any], static: Path
) -> None:
    server = serve(static=static, root_path="/proxy/23300", token="secret-token")
    right = {"Authorization": "Bearer secret-token"}
    for path in ("/proxy/23300/", "/"):  # a proxy may cut the prefix off or not
        assert server.client.get(path).status_code == 401
        assert '<base href="/proxy/23300/">' in server.client.get(path, headers=right).text
    for path in ("/proxy/23300/api/v2/boot", "/api/v2/boot"):
        refused = server.client.get(path)
        assert (refused.status_code, refused.json()["code"]) == (401, "token_needed")
        assert server.client.get(path, headers=right).status_code == 200


def test_built_files_are_kept_for_ever_and_others_are_not_there(
    serve: Callable[..., Any], static: Path
) -> None:
    (static.parent / "secret.js").write_text("secret", encoding="utf-8")
    client = serve(static=static).client
    asset = client.get("/assets/index-abc.js")
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert asset.headers["content-type"].startswith("text/javascript")
    assert client.get("/icon.svg").headers["content-type"].startswith("image/svg+xml")
    for path in (
        "/assets/index-old.js", "/assets/..%2f..%2fsecret.js", "/assets/%2e%2e/index.html",
        "/assets/", "/index-abc.js", "/favicon.ico", "/x/y.map", "/assets/%00",
    ):  # fmt: skip
        answer = client.get(path)
        assert (answer.status_code, list(answer.json())) == (404, ["detail"]), path


@pytest.mark.parametrize("path", ["/nopage", "/x/y/z", "/index.html", "/apis"])
def test_a_person_who_mistypes_an_address_gets_the_page_which_says_so(
    serve: Callable[..., Any], static: Path, path: str
) -> None:
    client = serve(static=static).client
    person = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = client.get(path, headers=person)
    assert answer.status_code == 404
    assert '<base href="/">' in answer.text
    assert client.get(path).json() == {"detail": "Not Found"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_addresses_of_the_api_are_told_in_its_own_words(
    serve: Callable[..., Any], static: Path, method: str
) -> None:
    client = serve(static=static).client
    person = {"Accept": "text/html", "Origin": str(client.base_url)}
    for path in ("/api", "/api/nothing", "/api/v2/nothing"):
        answer = client.request(method, path, headers=person)
        assert (answer.status_code, answer.json()["detail"]) == (404, "Not Found"), path


def test_without_a_built_page_the_build_command_is_told_and_the_api_works(
    serve: Callable[..., Any], write_run: Callable[..., Path], tmp_path: Path
) -> None:
    write_run("run")
    client = serve(static=tmp_path / "nothing").client
    for path in ("/", "/p/vision"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "npm run build" in answer.text
        assert "<script" not in answer.text
    assert client.get("/icon.svg").status_code == 404
    assert client.get("/api/runs").json()[0]["id"] == "run"
    assert client.get("/api/v2/boot").json()["projects"][0]["n_runs"] == 1


def test_the_page_comes_without_a_first_answer_when_there_is_no_index(
    serve: Callable[..., Any], root: Path, static: Path
) -> None:
    (root / "runicorn.db").mkdir(parents=True)
    (root / "runicorn.db" / "in-the-way").touch()
    html = serve(static=static).client.get("/").text
    assert BLOCK.findall(html) == ["null"]

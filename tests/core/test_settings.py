from __future__ import annotations

from pathlib import Path

import pytest

from runicorn.errors import UsageError
from runicorn.settings import SETTINGS, Found, config_file, find, find_root, value_of


def test_the_root_is_given_then_the_environment_then_the_users_file_then_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_root() == tmp_path / ".runicorn"
    config_file().parent.mkdir(parents=True)
    config_file().write_text('root = "/from-file"\n', encoding="utf-8")
    assert find_root() == Path("/from-file")
    monkeypatch.setenv("RUNICORN_DIR", "/from-environment")
    assert find_root() == Path("/from-environment")
    assert find_root("given") == tmp_path / "given"


@pytest.mark.parametrize("text", ["root = ", "root = 3"])
def test_a_bad_settings_file_is_named(text: str) -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"config\.toml"):
        find_root()


def test_the_projects_file_stands_between_the_environment_and_the_users_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text('root = "/of-user"\nproject = "mine"\n', encoding="utf-8")
    below = tmp_path / "code" / "deep"
    below.mkdir(parents=True)
    (tmp_path / "code" / "runicorn.toml").write_text('root = "runs-here"\n', encoding="utf-8")
    monkeypatch.chdir(below)
    assert find_root() == tmp_path / "code" / "runs-here"
    assert find("project") == Found("mine", str(config_file()))
    monkeypatch.setenv("RUNICORN_PROJECT", "ours")
    assert find("project") == Found("ours", "RUNICORN_PROJECT")
    assert find("project", "given") == Found("given", "argument")
    assert find("group") == Found(None, "default")


def test_pyproject_may_hold_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text('[tool.runicorn]\ntags = ["a", "b"]\nmode = "disabled"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert find("tags") == Found(["a", "b"], str(path))
    assert value_of("mode") == "disabled"
    path.write_text("this is not TOML", encoding="utf-8")
    assert value_of("mode") == "online"


@pytest.mark.parametrize(
    ("name", "said", "allowed"),
    [
        ("mode", "offline", "online, disabled"),
        ("capture_env", "perhaps", "true or false"),
        ("system_interval_s", "-1", "above 0"),
        ("system_interval_s", "nan", "above 0"),
        ("resume", "always", "never, allow, must, auto"),
        ("capture_console", "loud", "true or false"),
    ],
)
def test_a_bad_value_is_refused_with_where_it_was_said_and_what_is_allowed(
    name: str, said: str, allowed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = SETTINGS[name].variable
    monkeypatch.setenv(variable, said)
    with pytest.raises(UsageError, match=f"{variable}.*{allowed}"):
        find(name)


def test_an_unknown_setting_in_a_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runicorn.toml").write_text('projct = "typo"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="projct"):
        find("project")


def test_flags_and_levels_are_read_from_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert value_of("capture_console", given=False) == "off"
    assert value_of("capture_console", given=True) == "all"
    monkeypatch.setenv("RUNICORN_CAPTURE_CONSOLE", "python")
    assert value_of("capture_console") == "python"
    monkeypatch.setenv("RUNICORN_SYSTEM_METRICS", "OFF")
    assert value_of("system_metrics") is False

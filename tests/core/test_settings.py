from __future__ import annotations

from pathlib import Path

import pytest

from runicorn.errors import UsageError
from runicorn.settings import config_file, find_root


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

"""Code diffs: secrets are taken out of a patch line by line, so that it stays a patch."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runicorn.redaction import REDACTED, is_secret, redact_text

_NEW_FILE = "diff --git "
_HUNK = "@@ "
# Files that hold secrets and little else: nothing of them is shown.
_SECRET_FILE = re.compile(
    r"^\.env(?:\..*)?$|\.(?:pem|key|p12|pfx|jks|kdbx|keystore|tfvars|env)$|^id_(?:rsa|dsa|ecdsa|ed25519)"
    r"|^\.(?:netrc|npmrc|pypirc|pgpass|htpasswd|git-credentials|dockercfg)$|^kaggle\.json$"
    r"|(?:^|[._-])(?:credentials?|secrets?)(?:[._-]\w+)*$|service[_-]?account.*\.json$|^kubeconfig",
    re.IGNORECASE,
)
# Files in which a value needs no quotes.
_SETTINGS_FILE = re.compile(
    r"\.(?:ya?ml|toml|ini|cfg|conf|config|properties|json|jsonl|sh|bash|zsh|fish|bat|ps1|sbatch"
    r"|slurm|tf|xml|txt|md|rst)$|^(?:Dockerfile|Makefile)|^\.\w+rc$",
    re.IGNORECASE,
)
_WHOLE_LINE = re.compile(
    r"^(?P<head>.?\s{0,200}(?:(?:export|set|ENV|-)\s{1,9})?(?P<name>[\w.-]{1,100})\s{0,40}[:=]\s{0,40})"
    r"(?P<value>[^\s\"'$<{\[].*)$"
)
_BEGIN_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY")
_END_KEY = re.compile(r"-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY")


def redact_diff(diff: str) -> str:
    """Take secrets out of a diff in git's format; its lines stay as many as they were."""
    return "\n".join(_redact_lines(diff.split("\n")))


def _redact_lines(lines: list[str]) -> Iterator[str]:
    is_secret_file = is_settings_file = is_in_hunk = is_in_key = False
    for line in lines:
        if line.startswith(_NEW_FILE):
            name = _name_of(line)
            is_secret_file = _SECRET_FILE.search(name) is not None
            is_settings_file = _SETTINGS_FILE.search(name) is not None
            is_in_hunk = is_in_key = False
        elif line.startswith(_HUNK):
            is_in_hunk, is_in_key = True, False
        is_in_key = is_in_key or (is_in_hunk and _holds(line, _BEGIN_KEY))
        if is_in_key or (is_secret_file and is_in_hunk):
            yield _hide(line)
        elif is_settings_file:
            yield redact_text(_WHOLE_LINE.sub(_without_value, line))
        else:
            yield redact_text(line, is_code=True)
        is_in_key = is_in_key and not _holds(line, _END_KEY)


def _holds(line: str, mark: re.Pattern[str]) -> bool:
    return "PRIVATE KEY" in line and mark.search(line) is not None


def _name_of(line: str) -> str:
    return line.rpartition("/")[2].rstrip('"')


def _hide(line: str) -> str:
    if line.startswith(_HUNK):
        return "@@".join(line.split("@@")[:2]) + "@@"
    return f"{line[:1]}{REDACTED}" if line[:1] in ("+", "-", " ") and line[1:] else line


def _without_value(match: re.Match[str]) -> str:
    return f"{match['head']}{REDACTED}" if is_secret(match["name"], match["value"]) else match[0]

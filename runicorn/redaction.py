"""Redaction: takes secrets out of what is recorded about a run's surroundings.

A secret is known by its name (``WANDB_API_KEY=…``, ``--password …``) or by its shape (a URL with a
password, the tokens of well-known services, a private key). Rather too much than too little goes,
but for what training scripts are full of: ``--max-tokens 512`` and ``pad_token="<pad>"`` stay.

Every pattern is bounded, so that no text, however long and odd, takes more than its length.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

REDACTED = "[redacted]"

# Whatever stands under such a name is secret.
_ALWAYS = (
    r"(?i)passw|passphrase|secret|credential|cookie|private|bearer|authorization"
    r"|(?:api|access|account|auth|client|encryption|license|service|signing|storage|ssh)[_.-]?key"
    r"|(?:^|[^a-z])(?:dsn|jwt|pwd|askpass)(?:$|[^a-z])"
)
# Tokens are secrets or pieces of text; those are counted, or written in brackets: <pad>, [MASK].
_TOKENS = r"(?i)token(?!i[sz])[^.]*$"
_NO_TOKENS = r"(?i)[-+]?[\d.,_]+(?:e[-+]?\d+)?[kmbt]?|true|false|yes|no|none|null|[<\[|].*[>\]|]"
# Keys and their like are secrets or names of things; those have no digits: --sort-key val/loss.
_KEY = (
    r"(?i)(?:^|[^a-z])(?:key|keys|auth|pat|pass|sas|sig|signature|webhook)(?:$|[^a-z.][^.]*$)"
    r"|[a-z]key$"
)
_PLAIN_WORDS = r"(?s)[^\d\s]{0,23}|.*\s.*"

# A cheap look at a text in lower case before any closer one: none of the patterns below can do
# without one of these. Ignoring the case in the pattern itself would be seven times slower.
_SHAPE_HINT = (
    r"bearer|basic|sk-|gh[opsur]_|github_|glpat|akia|asia|hf_|xox|aiza|ya29|eyj|[rs]k_|npm_|pypi-"
    r"|sg\.|hooks\.slack"
)
_HINT = (
    r"pass|secret|cred|cookie|private|authori|key|dsn|jwt|pwd|token|auth|pat|sas|sig|webhook|@|"
    + _SHAPE_HINT
)
_SHAPES = r"""(?ix)
    \bsk-[\w-]{16,300}                                   # OpenAI, Anthropic and others
  | \b(?:gh[opsur]_\w{20,300}|github_pat_\w{20,300}|glpat-[\w-]{16,300})
  | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b                        # AWS
  | \bhf_[A-Za-z0-9]{20,100}                             # Hugging Face
  | \bxox[abeoprs]-[\w-]{10,300}                         # Slack
  | \bhooks\.slack\.com/services/[\w/]{1,200}
  | \bAIza[\w-]{30,100} | \bya29\.[\w-]{20,2000}         # Google
  | \beyJ[\w-]{8,4000}\.[\w-]{8,8000}\.[\w-]{0,4000}     # JSON web tokens
  | \b[rs]k_(?:live|test)_\w{16,300}                     # Stripe
  | \bnpm_[A-Za-z0-9]{30,100} | \bpypi-[\w-]{32,1000}
  | \bSG\.[\w-]{16,100}\.[\w-]{16,100}                   # SendGrid
  | (?<=\bbearer\s)[\w.~+/=-]{16,4000} | (?<=\bbasic\s)[A-Za-z0-9+/=]{16,4000}
"""
# Up to the last @ of the authority. A password may hold a slash where nobody encoded it, but what
# follows a colon and is only digits is a port. A URL that was taken for a path has one slash.
_USER_INFO = (
    r"(?i)(?<![a-z0-9+.-])(?P<scheme>[a-z][a-z0-9+.-]{1,30}):(?P<slashes>//?)"
    r"(?P<user>[^\s/?#:\"'<>]{0,300}(?::(?!\d{1,5}[/?#])[^\s\"'<>]{0,300})?)@"
)
_WITHOUT_PASSWORD = frozenset({"ssh", "git+ssh", "ssh+git", "sftp", "git"})
_NAME = r"(?<![\w.-])(?P<name>[A-Za-z_][\w.-]{0,100})"
_JOIN = r"[\"'\]]{0,3}\s{0,40}(?::\s{0,9}[A-Za-z_][\w.\[\] |]{0,80}=|:=|=>|=|:)\s{0,40}"
_QUOTED = r"[rbfu]{0,2}(?P<quote>[\"'])(?P<value>(?:(?!(?P=quote))[^\n\\]|\\.)*)(?P=quote)"
_BARE = r"(?P<value>[^\s\"'\[\](){}&;,$<][^\s\"'&;,]{0,2000})"
_QUERY = r"[?&](?P<name>[\w.-]{1,100})=(?P<value>[^&\s\"'#]{1,2000})"
_ASSIGNED_QUOTED = "(?i)" + _NAME + _JOIN + _QUOTED
_ASSIGNED_BARE = _NAME + _JOIN + _BARE
_OPTION = r"(?<![\w-])--(?P<name>[\w.-]{1,100})[ =]\s{0,40}(?!-)" + _BARE
_ASSIGNMENTS = (_ASSIGNED_QUOTED, _ASSIGNED_BARE, _OPTION)
_PRIVATE_KEY = (
    r"(?s)-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----.*?"
    r"(?:-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----|\Z)"
)
# When first used: compiling all of them takes as long as everything else that `import` does.
_compiled = functools.cache(re.compile)


def is_secret_name(name: str) -> bool:
    """Tell whether a name is one of a secret, whatever its value."""
    return any(_compiled(kind).search(name) for kind in (_ALWAYS, _TOKENS, _KEY))


def is_secret(name: str, value: str) -> bool:
    """Tell whether the value under a name is a secret."""
    if not value or value == REDACTED:
        return False
    if _compiled(_ALWAYS).search(name):
        return True
    if _compiled(_NO_TOKENS).fullmatch(value):
        return False
    if _compiled(_TOKENS).search(name):
        return True
    return bool(_compiled(_KEY).search(name)) and _compiled(_PLAIN_WORDS).fullmatch(value) is None


def redact_text(text: str, *, is_code: bool = False) -> str:
    """Take secrets out of a text.

    Args:
        text: Any text.
        is_code: Whether it is program code. There ``password=value`` without quotes is no secret:
            the value is the name of something.
    """
    lower = text.lower()
    if _compiled(_HINT).search(lower) is None:
        return text
    if "PRIVATE KEY" in text:
        text = _compiled(_PRIVATE_KEY).sub(REDACTED, text)
    if "@" in text:
        text = _compiled(_USER_INFO).sub(_without_user_info, text)
    if _compiled(_SHAPE_HINT).search(lower) is not None:
        text = _compiled(_SHAPES).sub(REDACTED, text)
    if "?" in text or "&" in text:
        text = _compiled(_QUERY).sub(_without_value, text)
    for pattern in (_ASSIGNED_QUOTED,) if is_code else _ASSIGNMENTS:
        text = _compiled(pattern).sub(_without_value, text)
    return text


def without_user_info(url: str) -> str:
    """Leave user and password out of a URL, but for the user of SSH."""
    return _compiled(_USER_INFO).sub(_without_user_info, url).replace(f"{REDACTED}@", "")


def redact_argv(argv: Sequence[str]) -> list[str]:
    """Take secrets out of a command line: ``--password x``, ``--token=x``, ``db.password=x``."""
    redacted: list[str] = []
    waiting = ""
    for argument in map(str, argv):
        if waiting and not _is_option(argument):
            shown = REDACTED if is_secret(waiting, argument) else redact_text(argument)
            waiting = ""
        else:
            shown = _redact_argument(argument)
            name = argument.lstrip("-")
            names_one = argument.startswith("-") and "=" not in argument and is_secret_name(name)
            waiting = name if names_one else ""
        redacted.append(shown)
    return redacted


def redact_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """Take secrets out of a JSON document, by the names of its keys and by its texts."""
    return {str(key): _redact_value(str(key), value) for key, value in document.items()}


def _redact_value(name: str, value: object) -> Any:
    if isinstance(value, Mapping):
        return redact_document(value)
    if isinstance(value, list | tuple):
        return [_redact_value(name, element) for element in value]
    if isinstance(value, str):
        return REDACTED if value and is_secret_name(name) else redact_text(value)
    return value


def _is_option(argument: str) -> bool:
    return argument.startswith("--") or re.fullmatch(r"-[A-Za-z]", argument) is not None


def _redact_argument(argument: str) -> str:
    name, equals, value = argument.partition("=")
    if equals and re.fullmatch(r"[-+~]*[\w./@-]+", name) and is_secret(name.lstrip("-+~"), value):
        return f"{name}={REDACTED}"
    return redact_text(argument)


def _without_user_info(match: re.Match[str]) -> str:
    scheme, user = match["scheme"], match["user"]
    is_harmless = scheme.lower() in _WITHOUT_PASSWORD or match["slashes"] == "/"
    if ":" not in user and is_harmless:
        return match[0]
    return f"{scheme}:{match['slashes']}{REDACTED}@"


def _without_value(match: re.Match[str]) -> str:
    if not is_secret(match["name"], match["value"]):
        return match[0]
    start, end = (place - match.start() for place in match.span("value"))
    return f"{match[0][:start]}{REDACTED}{match[0][end:]}"

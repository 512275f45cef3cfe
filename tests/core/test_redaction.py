from __future__ import annotations

import time

import pytest

from runicorn.code_diff import redact_diff
from runicorn.redaction import (
    REDACTED,
    is_secret_name,
    redact_argv,
    redact_document,
    redact_text,
    without_user_info,
)

# Put together here, so that no scanner takes this file for a leak.
SHAPES = [
    "sk-" + "proj-a1B2c3D4e5F6g7H8",
    "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2",
    "github_pat_" + "11ABCDEFG0aBcDeFgHiJkL",
    "glpat-" + "a1B2c3D4e5F6g7H8i9J0",
    "AKIA" + "IOSFODNN7EXAMPLE",
    "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwX",
    "xoxb-" + "123456789012-abcdefghij",
    "AIza" + "SyA1B2C3D4E5F6G7H8I9J0K1L2M3N4O5P6Q",
    "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "sk_live_" + "a1B2c3D4e5F6g7H8",
    "npm_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5",
    "pypi-" + "AgEIcHlwaS5vcmcCJDAwMDAwMDAwLTAwMDA",
]
PRIVATE_KEY = (
    "-----BEGIN OPENSSH " + "PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\nAAAABG5vbmU=\n"
    "-----END OPENSSH " + "PRIVATE KEY-----"
)


@pytest.mark.parametrize(
    "name",
    ["WANDB_API_KEY", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "MYSQL_PWD", "SENTRY_DSN",
     "SESSION_COOKIE", "GOOGLE_APPLICATION_CREDENTIALS", "SLURM_JWT", "BASIC_AUTH", "PRIVATE_FILE",
     "apiKey", "db.passwd", "RUNICORN_TOKEN", "SSHPASSPHRASE", "OPENAI_KEY"],
)  # fmt: skip
def test_a_name_of_a_secret_is_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["PATH", "TOKENIZERS_PARALLELISM", "CUDA_VISIBLE_DEVICES", "author", "monitor", "keyboard",
     "PYTHONHASHSEED", "KERAS_BACKEND", "bypass", "path", "signal", "tokenizer"],
)  # fmt: skip
def test_a_name_of_something_else_is_left_alone(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (["--password", "hunter2"], ["--password", REDACTED]),
        (["--password", "1234"], ["--password", REDACTED]),
        (["--token=abc", "x"], [f"--token={REDACTED}", "x"]),
        (["db.password=a,b c"], [f"db.password={REDACTED}"]),
        (["+logger.api_key=1f", "lr=0.1"], [f"+logger.api_key={REDACTED}", "lr=0.1"]),
        (["--hub-token", "-odd"], ["--hub-token", REDACTED]),
        (["--use-auth", "--lr", "3"], ["--use-auth", "--lr", "3"]),
        (["--secret", "-v", "x"], ["--secret", "-v", "x"]),
        (["--db", "postgresql://me:pw@host/db"], ["--db", f"postgresql://{REDACTED}@host/db"]),
        (["--header", f"Bearer {'a' * 20}"], ["--header", f"Bearer {REDACTED}"]),
        (["--json", '{"password": "p w"}'], ["--json", f'{{"password": "{REDACTED}"}}']),
        (["--url", "https://h/?sig=a1&x=2"], ["--url", f"https://h/?sig={REDACTED}&x=2"]),
        (["--key", "s3cr3t"], ["--key", REDACTED]),
    ],
)
def test_secrets_of_a_command_line_are_taken_out(argv: list[str], shown: list[str]) -> None:
    assert redact_argv(argv) == shown


@pytest.mark.parametrize(
    "argv",
    [
        ["train.py", "--lr", "1e-3", "--data=/data/imagenet", "-v"],
        ["--max-tokens", "512", "--max_new_tokens=1_024", "--tokens", "1.5b", "--n-tokens", "1e9"],
        ["--pad-token", "<pad>", "--mask_token=[MASK]", "--eos-token", "<|endoftext|>"],
        ["--tokenizer", "gpt2", "--tokenizer.path=/a/b"],
        ["--sort-key", "val/loss", "--image_key=jpg", "key=value"],
        ["--use-token", "true", "--url", "http://localhost:8080/a@b", "git@github.com:a/b.git"],
        ["--author", "me", "--path", "/home/x", "--signal", "15"],
        [],
    ],
)
def test_what_training_scripts_are_full_of_stays(argv: list[str]) -> None:
    assert redact_argv(argv) == argv


@pytest.mark.parametrize("secret", SHAPES)
@pytest.mark.parametrize("is_code", [True, False])
def test_tokens_of_well_known_services_are_known_by_their_shape(secret: str, is_code: bool) -> None:
    text = redact_text(f"run({secret}) and so on", is_code=is_code)
    assert secret not in text
    assert text == f"run({REDACTED}) and so on"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:pw@host/a.git", "https://host/a.git"),
        ("https://oauthtoken@host/a.git", "https://host/a.git"),
        ("postgresql://u:p/w@host:5432/db", "postgresql://host:5432/db"),
        ("https://u:p@ss@host/db", "https://host/db"),
        ("ssh://git@host:22/a.git", "ssh://git@host:22/a.git"),
        ("ssh://git:pw@host/a.git", "ssh://host/a.git"),
        ("git@host:a.git", "git@host:a.git"),
        ("https://host:8080/a@b", "https://host:8080/a@b"),
    ],
)
def test_user_and_password_are_left_out_of_a_url(url: str, shown: str) -> None:
    assert without_user_info(url) == shown


def test_a_document_is_redacted_by_its_keys_and_by_its_texts() -> None:
    document = {
        "HF_TOKEN": "x",
        "deep": {"api_key": ["a", "b"], "n_tokens": 5, "url": "redis://:pw@h"},
        "key": PRIVATE_KEY,
        "text": f"before {PRIVATE_KEY} after",
        "empty_secret": "",
        "none": None,
    }
    assert redact_document(document) == {
        "HF_TOKEN": REDACTED,
        "deep": {"api_key": [REDACTED, REDACTED], "n_tokens": 5, "url": f"redis://{REDACTED}@h"},
        "key": REDACTED,
        "text": f"before {REDACTED} after",
        "empty_secret": "",
        "none": None,
    }


def diff_of(name: str, *lines: str) -> str:
    head = [f"diff --git a/{name} b/{name}", f"--- a/{name}", f"+++ b/{name}", "@@ -1,2 +1,3 @@"]
    return "\n".join([*head, *lines, ""])


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('+api_key = "abc def"', f'+api_key = "{REDACTED}"'),
        ("-login(user='me', password='it\\'s')", f"-login(user='me', password='{REDACTED}')"),
        ('+os.environ["HF_TOKEN"] = "x9"', f'+os.environ["HF_TOKEN"] = "{REDACTED}"'),
        (' password: str = "hunter2"', f' password: str = "{REDACTED}"'),
        ('+{"client_secret": f"a{b}"}', f'+{{"client_secret": f"{REDACTED}"}}'),
        ("+token = tokenizer.decode(ids)", None),
        ("+password = getpass.getpass()", None),
        ('+pad_token = "<pad>"', None),
        ('+best = max(runs, key="val/loss")', None),
        ("+max_tokens: int = 512", None),
    ],
)
def test_secrets_in_the_code_of_a_diff_are_taken_out(line: str, shown: str | None) -> None:
    diff = diff_of("src/train.py", line)
    assert redact_diff(diff) == diff.replace(line, shown or line)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("+password: correct horse battery", f"+password: {REDACTED}"),
        ("-export HF_TOKEN=abc", f"-export HF_TOKEN={REDACTED}"),
        ("+  - secret: x # why", f"+  - secret: {REDACTED}"),
        ("+python train.py --api-key k1 --lr 3", f"+python train.py --api-key {REDACTED} --lr 3"),
        ("+password: ${DB_PASSWORD}", None),
        ("+max_tokens: 512", None),
    ],
)
def test_secrets_need_no_quotes_in_a_settings_file(line: str, shown: str | None) -> None:
    diff = diff_of("conf/run.yaml", line)
    assert redact_diff(diff) == diff.replace(line, shown or line)


@pytest.mark.parametrize("name", [".env", "a/.env.local", "id_rsa", "x.pem", "secrets.yaml"])
def test_a_file_of_secrets_shows_none_of_its_lines(name: str) -> None:
    diff = diff_of(name, "+plain", "-line", " here").replace("@@\n", "@@ plain\n")
    redacted = redact_diff(diff)
    assert not {"plain", "line", "here"} & set(redacted.replace("+", " ").replace("-", " ").split())
    assert len(redacted.split("\n")) == len(diff.split("\n"))
    assert redacted.startswith(f"diff --git a/{name} b/{name}\n")


def test_a_private_key_in_a_diff_is_hidden_up_to_its_end_and_no_further() -> None:
    lines = [f"+{line}" for line in PRIVATE_KEY.split("\n")]
    text = redact_diff(diff_of("note.py", " before", *lines, "+after"))
    assert "b3Blb" not in text
    assert text.endswith(" before\n" + f"+{REDACTED}\n" * 4 + "+after\n")


@pytest.mark.parametrize(
    "text",
    ["a" * 300_000, "a." * 150_000, "x='" * 100_000, "token=" * 50_000, "://a:" * 60_000,
     "key: a b " * 30_000, "eyJaaaaaaaaa-" * 25_000, "-----BEGIN PRIVATE KEY----- " * 10_000,
     "key" + " " * 300_000 + "x", "password:" + "a " * 150_000, "sg." + "a." * 150_000],
    ids=lambda text: text[:9],
)  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    began = time.thread_time()
    redact_text(text)
    redact_diff(diff_of("a.yaml", f"+{text}"))
    assert time.thread_time() - began < 5.0

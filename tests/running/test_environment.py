"""A server that cannot run as it should does not start, and says in words what is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from environ import Env

from orders.models import User
from revkeen_admin import environment
from tests.support.processes import ROOT

COMPLETE = {
    "SECRET_KEY": "s" * 50,
    "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    "ALLOWED_HOSTS": "orders.example.com",
}


def env(**values: str) -> Env:
    made = Env()
    made.ENVIRON = COMPLETE | values
    return made


def start(command: list[str], **values: str) -> "subprocess.CompletedProcess[str]":
    """`command` with nothing in its environment but `values`."""
    alone = {"PATH": os.environ["PATH"], **values}
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=alone, capture_output=True, text=True, check=False)


def test_a_complete_environment_is_taken() -> None:
    environment.check(env(), plain_http=False)
    environment.check(env(REVKEEN_LIVE_URL="http://127.0.0.1:1/v2"), plain_http=True)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is missing"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is shorter than 50"),
        ({"FIELD_ENCRYPTION_KEYS": ""}, "FIELD_ENCRYPTION_KEYS is missing"),
        ({"FIELD_ENCRYPTION_KEYS": "garbage"}, "key 1 is not a Fernet key"),
        ({"FIELD_ENCRYPTION_KEYS": f"{COMPLETE['FIELD_ENCRYPTION_KEYS']},é"}, "key 2 is not a Fernet key"),
        ({"ALLOWED_HOSTS": " , "}, "ALLOWED_HOSTS is missing"),
        ({"REVKEEN_LIVE_URL": "http://api.revkeen.com/v2"}, "REVKEEN_LIVE_URL has to begin with https://"),
        ({"REVKEEN_TEST_URL": "ftp://api.revkeen.com"}, "REVKEEN_TEST_URL has to begin with https://"),
        ({"DIGITAL_RIVER_URL": "//api.digitalriver.com"}, "DIGITAL_RIVER_URL has to begin with https://"),
        ({"ORDER_PROTECTION_URL": "HTTP://x.example"}, "ORDER_PROTECTION_URL has to begin with https://"),
    ],
)
def test_what_is_missing_or_cannot_be_used_is_named(values: dict[str, str], said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        environment.check(env(**values), plain_http=False)


def test_everything_that_is_wrong_is_said_at_once_and_no_secret_is_repeated() -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        environment.check(
            env(SECRET_KEY="hush-hush", FIELD_ENCRYPTION_KEYS="my-key", ALLOWED_HOSTS=""), plain_http=False
        )
    said = str(refused.value)
    assert all(name in said for name in environment.REQUIRED)
    assert "hush-hush" not in said
    assert "my-key" not in said


def test_migrate_with_nothing_set_says_what_is_missing_without_a_traceback() -> None:
    done = start(["manage.py", "migrate"])
    assert done.returncode == 1
    assert "SECRET_KEY is missing" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_with_nothing_set_is_not_started_again_and_again() -> None:
    """Gunicorn gives up where a worker ends with 3."""
    done = start(["-c", "import revkeen_admin.wsgi"])
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)


def test_the_cache_is_not_the_database(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/one.sqlite3"
    done = start(["manage.py", "migrate"], **COMPLETE, DATABASE_URL=database, CACHE_DATABASE_URL=database)
    assert done.returncode == 1
    assert "CACHE_DATABASE_URL and DATABASE_URL name the same database" in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_demos_people_are_not_made_in_production(db: None, settings: LazySettings) -> None:
    with pytest.raises(CommandError, match="for the demo"):
        call_command("seed_demo")
    assert not User.objects.exists()

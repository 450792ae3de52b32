"""What the documents say of variables and scopes is what the code reads."""

import re

import pytest

from tests.support.processes import ROOT

SOURCES = [*(ROOT / "revkeen_admin").glob("*.py")]
READ = re.compile(r'env\.[a-z_]+\(\s*"([A-Z_]+)"')
VARIABLES = {name for source in SOURCES for name in READ.findall(source.read_text())}


def test_the_deployment_page_has_every_variable_and_no_other() -> None:
    page = (ROOT / "docs/deployment.md").read_text()
    rows = re.findall(r"^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \|", page, re.M)
    assert {name for row in rows for name in re.findall(r"[A-Z_]+", row)} == VARIABLES


def test_the_example_of_an_environment_has_every_variable_and_no_other() -> None:
    example = (ROOT / "deploy/env.example").read_text()
    assert set(re.findall(r"^#?([A-Z_]+)=", example, re.M)) == VARIABLES


@pytest.mark.parametrize("name", ["revkeen-admin.service", "revkeen-admin-worker@.service", "nginx.conf", "Caddyfile"])
def test_the_deployment_page_leads_to_every_file_that_is_shipped_for_it(name: str) -> None:
    assert f"deploy/{name}" in (ROOT / "docs/deployment.md").read_text()
    assert (ROOT / "deploy" / name).exists()


def test_the_readme_names_the_scopes_that_are_asked_for() -> None:
    asked = set(re.findall(r'"([a-z_]+:read)"', (ROOT / "orders/apis/revkeen/reads.py").read_text()))
    [sentence] = re.findall(r"To read, a key needs the scopes (.+?); to change", (ROOT / "README.md").read_text(), re.S)
    assert set(re.findall(r"`([a-z_]+:read)`", sentence)) == asked

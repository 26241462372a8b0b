"""The page on the architecture and the guide for contributors say what is so."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from dockerflow.django import checks

pytestmark = pytest.mark.once

CHECKOUT = Path(__file__).parents[1]
PAGES = ["docs/architecture.rst", "CONTRIBUTING.rst", "SECURITY.rst"]
PICTURE = r"^ +:caption: {}\n\n((?: +\[.*\n)+)"


def layers(package):
    """The rows of modules that the import contract has for a package, topmost first."""
    configuration = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    contracts = configuration["tool"]["importlinter"]["contracts"]
    [found] = [
        contract["layers"]
        for contract in contracts
        if contract["type"] == "layers" and contract.get("containers", ["dockerflow"]) == [package]
    ]
    return [
        [module.strip().removeprefix("dockerflow.") for module in re.split("[|:]", layer)]
        for layer in found
    ]


@pytest.mark.parametrize("package", ["dockerflow", "dockerflow.django"])
def test_the_pictures_are_those_of_the_import_contract(package):
    text = (CHECKOUT / "docs/architecture.rst").read_text()
    [picture] = re.findall(PICTURE.format(re.escape(package)), text, re.MULTILINE)
    drawn = [re.findall(r"\[\s*(\w+)\s*\]", line) for line in picture.splitlines()]

    assert drawn == layers(package)


@pytest.mark.parametrize("package", ["dockerflow", "dockerflow.django"])
def test_every_module_has_its_place_in_the_import_contract(package):
    folder = CHECKOUT.joinpath(*package.split("."))
    modules = {path.stem for path in folder.iterdir() if path.suffix == ".py"}
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}

    placed = {module for layer in layers(package) for module in layer}
    assert placed == (modules | packages) - {"__init__"}


def test_every_check_is_found_by_its_name_by_projects_and_by_type_checkers():
    folder = CHECKOUT / "dockerflow/django/checks"
    syntax = {path.stem: ast.parse(path.read_text()).body for path in folder.glob("*.py")}
    defined = {
        node.name: module
        for module, body in syntax.items()
        for node in body
        if isinstance(node, ast.FunctionDef) and "app_configs" in [a.arg for a in node.args.args]
    }
    [typed] = [node.body for node in syntax["__init__"] if isinstance(node, ast.If)]
    imported = {a.name: node.module.rpartition(".")[2] for node in typed for a in node.names}

    # A new check? Its name goes into dockerflow/django/checks/__init__.py in three places.
    assert {n: m for n, m in checks._MODULES.items() if n.startswith("check_")} == defined
    assert imported == checks._MODULES
    assert [name for name in checks.__all__ if name.startswith("check_")] == sorted(defined)


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_is_named_is_there(page):
    named = re.findall(r"``([\w.-]+/[\w./-]*|[A-Z]\w+\.rst)``", (CHECKOUT / page).read_text())
    missing = {path for path in named if not (CHECKOUT / path).exists()}

    assert missing <= {"docs/_build/html"}  # which the build of the documentation makes


def test_the_commands_that_are_shown_to_contributors_are_there():
    text = (CHECKOUT / "CONTRIBUTING.rst").read_text()
    files = re.findall(r"\$ pytest (tests/\S+)", text)
    environments = re.findall(r"tests/run\.py -e (\w+)", text)
    tox = (CHECKOUT / "tox.ini").read_text()

    assert [path for path in files if not (CHECKOUT / path).exists()] == []
    assert [name for name in environments if f"[testenv:{name}]" not in tox] == []
    assert (bool(files), bool(environments)) == (True, True)

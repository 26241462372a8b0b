"""What a dotted path leads to, and the nearest thing where it leads nowhere."""

import sys

import pytest

from dockerflow.conf import conf, dotted

LAZY = """
def __getattr__(name):
    if name == "quits":
        raise SystemExit("bye")
    if name.startswith("check"):
        raise ModuleNotFoundError("No module named 'psycopg'", name="psycopg")
    raise AttributeError(name)
"""
ODD = """
class Odd:
    def __init__(self, *odd): vars(self).update(dict.fromkeys(odd))
    def __call__(self, app_configs, **kwargs): return []
    def __getattribute__(self, name):
        if name != "__dict__" and name in vars(self):
            raise OSError(f"no {name}")
        return object.__getattribute__(self, name)
    def __hash__(self):
        if "hash" in vars(self): raise OSError("no hash")
        return 1
hashed, signed, divided = Odd("hash"), Odd("__signature__"), Odd("subjects")
"""


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """A package ``shop`` with checks, next to a script that does something when imported."""
    (tmp_path / "shop/billing").mkdir(parents=True)
    (tmp_path / "shop/__init__.py").touch()
    (tmp_path / "shop/billing/__init__.py").write_text("from shop.billing import ledger")
    (tmp_path / "shop/checks.py").write_text(
        "level = 1\ndef check_stock(app_configs, **kwargs): return []\ndef count(shelf): return 1\n"
    )
    (tmp_path / "shop/counted.py").write_text(
        "class Check(list):\n    def __call__(self, **kwargs): return []\ncheck = Check()\n"
    )
    (tmp_path / "shop/broken.py").write_text("1 / 0")
    (tmp_path / "shop/needy.py").write_text("import nowhere_to_be_found")
    (tmp_path / "shop/quitter.py").write_text("raise SystemExit('bye')")
    (tmp_path / "shop/lazy.py").write_text(LAZY)
    (tmp_path / "shop/odd.py").write_text(ODD)
    (tmp_path / "deploy_shop.py").write_text("open(__file__ + '.ran', 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]
    assert [path.name for path in tmp_path.glob("*.ran")] == []


@pytest.mark.parametrize(
    ("path", "problems"),
    [
        ("shop.checks.check_stock", []),
        ("shop.checks.level", ["is not callable"]),
        (
            "shop.checks.chek_stock",
            ["does not exist: shop.checks has no chek_stock; did you mean check_stock?"],
        ),
        ("shop.checks.zzz", ["does not exist: shop.checks has no zzz"]),
        (
            "shop.checks",
            ["is a module: name a function in it, such as shop.checks.NAME"],
        ),
        (
            "shop.lazy",
            ["is a module: name a function in it, such as shop.lazy.NAME"],
        ),
        (
            "shop.cheks.check_stock",
            ["does not exist: there is no module shop.cheks; did you mean shop.checks?"],
        ),
        (
            "shopp.cheks.check_stock",
            ["does not exist: there is no module shopp; did you mean shop.checks?"],
        ),
        (
            "depoy_shop.check",
            ["does not exist: there is no module depoy_shop; did you mean deploy_shop?"],
        ),
        ("qqqqqq.check", ["does not exist: there is no module qqqqqq"]),
        ("shop.qqqqqq.check", ["does not exist: there is no module shop.qqqqqq"]),
        (
            "shop.checks.Stock.check",
            ["does not exist: there is no module shop.checks.Stock"],
        ),
        ("shop.broken.check", ["cannot be imported: ZeroDivisionError: division by zero"]),
        ("shop.lazy.quits", ["cannot be imported: SystemExit: bye"]),
        ("shop.lazy.x", ["does not exist: shop.lazy has no x"]),
        (
            "shop.lazy.check",
            ["cannot be imported: ModuleNotFoundError: No module named 'psycopg'"],
        ),
        ("shop.quitter.check", ["cannot be imported: SystemExit: bye"]),
        (
            "shop.needy.check",
            ["cannot be imported: ModuleNotFoundError: No module named 'nowhere_to_be_found'"],
        ),
    ],
)
def test_a_dotted_path_is_imported_and_a_misspelt_one_gets_the_nearest_name(
    modules, path, problems
):
    assert list(dotted.function.check(path)) == problems


def test_a_failing_import_inside_of_an_existing_package_is_no_missing_module(modules):
    (problem,) = dotted.function.check("shop.billing.check")

    assert problem.startswith(
        "cannot be imported: ImportError: cannot import name 'ledger' from partially initialized"
    )


def test_each_path_of_a_list_is_checked(modules):
    paths = ["shop.checks.check_stock", "shop.checks.level", "shop.checks.zzz"]

    assert list(dotted.system_checks.check(paths)) == [
        "holds 'shop.checks.level', which is not callable",
        "holds 'shop.checks.zzz', which does not exist: shop.checks has no zzz",
    ]


@pytest.mark.parametrize("path", ["shop.checks.count", "builtins.dict", "builtins.len"])
def test_a_system_check_takes_keyword_arguments(modules, path):
    assert list(dotted.function.check(path)) == []
    assert list(dotted.system_checks.check([path])) == ["takes no **kwargs, as a system check must"]


@pytest.mark.parametrize(
    ("name", "clause"),
    [
        ("shop.odd.hashed", "cannot be used: OSError: no hash"),
        ("shop.odd.signed", "cannot be used: OSError: no __signature__"),
        ("shop.odd.divided", "cannot be used: OSError: no subjects"),
        (
            "shop.lazy.check_stock",
            "cannot be imported: ModuleNotFoundError: No module named 'psycopg'",
        ),
    ],
)
def test_a_check_that_fails_when_it_is_looked_at_is_one_problem_among_the_others(
    modules, monkeypatch, name, clause
):
    monkeypatch.setenv("DOCKERFLOW_CHECKS", name)
    monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_TTL", "ten")

    assert [problem.split(". Expected")[0] for problem in conf.problems()] == [
        f"DOCKERFLOW_CHECKS (environment): '{name}' {clause}",
        "DOCKERFLOW_HEARTBEAT_TTL (environment): 'ten' is not a number",
    ]


def test_a_system_check_can_be_hashed(modules):
    path = "shop.counted.check"
    assert list(dotted.system_checks.check([path])) == [
        "cannot be hashed, as Django's registry of checks asks for"
    ]

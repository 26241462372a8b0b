"""What a dotted path leads to, and the nearest thing where it leads nowhere."""

import sys

import pytest

from dockerflow.conf import dotted


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


def test_a_system_check_can_be_hashed(modules):
    path = "shop.counted.check"
    assert list(dotted.system_checks.check([path])) == [
        "cannot be hashed, as Django's registry of checks asks for"
    ]

"""The code digest follows imports: it sees what a step depends on, and only code counts."""

import ast
import shutil
from pathlib import Path

import pytest
import yaml

from spectramind.errors import ConfigError
from spectramind.run.code import PACKAGE, code_digest, imported_modules

CALIBRATE = "spectramind.calibration.calibrate_split"
FIT = "spectramind.features.fits"
TRAIN = "spectramind.pipeline.train"


def copied(folder: Path) -> Path:
    """A copy of the package, to be changed; each has its own place in the cache."""
    ignore = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(PACKAGE, folder / "spectramind", ignore=ignore))


@pytest.fixture(scope="module")
def before() -> dict[str, str]:
    return {name: code_digest(name) for name in (CALIBRATE, FIT, TRAIN)}


def test_a_copy_has_the_same_digest_wherever_it_lies(
    before: dict[str, str], tmp_path: Path
) -> None:
    package = copied(tmp_path)
    assert {name: code_digest(name, package=package) for name in before} == before
    assert len(set(before.values())) == len(before)


@pytest.mark.parametrize(
    ("file", "stages"),
    [
        ("calibration/kernel/fused.py", {CALIBRATE}),
        ("dataset/tables.py", {CALIBRATE, TRAIN}),
        ("physics/limb_darkening.py", {FIT, TRAIN}),
        ("instrument/grid.py", {CALIBRATE, FIT, TRAIN}),
        ("models/__init__.py", {TRAIN}),
        ("simulation/psf.py", set()),
    ],
)
def test_a_change_is_seen_by_what_imports_it(
    before: dict[str, str], tmp_path: Path, file: str, stages: set[str]
) -> None:
    package = copied(tmp_path)
    path = package / file
    path.write_text(path.read_text(encoding="utf-8") + "\nADDED = 1\n", encoding="utf-8")
    changed = {name for name in before if code_digest(name, package=package) != before[name]}
    assert changed == stages


def test_comments_docstrings_and_layout_do_not_count(
    before: dict[str, str], tmp_path: Path
) -> None:
    package = copied(tmp_path)
    for path in package.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            if documented and ast.get_docstring(node):
                node.body[0] = ast.Expr(ast.Constant("Other words."))
        remark = "# a remark\n\n" + ast.unparse(tree)  # comments are gone, lines are broken anew
        path.write_text(remark, encoding="utf-8")
    assert {name: code_digest(name, package=package) for name in before} == before


def test_every_kind_of_import_is_followed(tmp_path: Path) -> None:
    package = tmp_path / "house"
    (package / "room").mkdir(parents=True)
    files = {
        "__init__.py": "",
        "room/__init__.py": "from . import porch",
        "room/porch.py": "",
        "room/start.py": "import os\nimport house.plain\nfrom house import member\n"
        "from .near import thing\nfrom ..up import other\ndef f():\n    import house.late\n",
        "room/near.py": "from house.room import far",
        "room/far.py": "",
        "plain.py": "",
        "member.py": "",
        "up.py": "other = 1",
        "late.py": "",
        "unused.py": "",
    }
    for name, text in files.items():
        (package / name).write_text(text)
    found = imported_modules("house.room.start", package=package)
    rooms = {"near", "far", "start", "porch"}
    expected = {"plain", "member", "up", "late", "room", *(f"room.{name}" for name in rooms)}
    assert found == {"house", *(f"house.{name}" for name in expected)}


def test_an_unknown_module_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"spectramind\.attic is no module"):
        code_digest("spectramind.attic")


def test_stages_of_the_graph_depend_on_all_code_that_they_run() -> None:
    root = PACKAGE.parents[1]
    used = [name.split(".") for name in imported_modules("spectramind.cli.main")]
    stages = yaml.safe_load((root / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    for name, stage in stages.items():
        assert stage["cmd"].startswith("spectramind ")
        deps = [root / dep for dep in stage["deps"] if dep.startswith("src/")]
        for parts in used:
            module = root.joinpath("src", *parts)
            assert any(dep in (module, *module.parents) for dep in deps), (name, parts)

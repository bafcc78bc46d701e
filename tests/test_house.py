"""The house rules: who may import whom, and what may be imported early."""

import ast
from collections import Counter
from pathlib import Path

import pytest

import spectramind

PACKAGE = Path(spectramind.__file__).parent
DATA_WAY = {
    "simulation",
    "calibration",
    "features",
    "estimators",
    "training",
    "retrieval",
    "uncertainty",
    "submission",
    "diagnostics",
}
SHARED = {"models", "prior", "symbolic", "evaluation", "physics", "dataset", "plotting"}
GROUND = {"contracts", "instrument", "config", "run", "errors", "__init__"}
# Rooms that may load torch; everything else must start without it.
TORCH = {"models", "symbolic", "estimators", "training", "retrieval", "pipeline", "run"}


def allowed(room: str) -> set[str]:
    if room in DATA_WAY:
        return {room} | SHARED | GROUND
    if room in SHARED:
        return SHARED | GROUND
    if room in GROUND:
        return GROUND
    beside = {"cli": {"pipeline", "server"}, "server": {"pipeline"}}.get(room, {"pipeline"})
    return DATA_WAY | SHARED | GROUND | beside | {room}


def imports(path: Path) -> set[str]:
    """Dotted names a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p.parent != PACKAGE)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_rooms_import_only_what_lies_below(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0]
    ours = {name.split(".")[1] for name in imports(path) if name.startswith("spectramind.")}
    assert ours <= allowed(room)
    if room not in TORCH:
        assert not {name for name in imports(path) if name.split(".")[0] == "torch"}


def test_modules_stay_small() -> None:
    long = {str(p): n for p in MODULES if (n := len(p.read_text().splitlines())) > 400}
    assert not long


def test_a_name_is_an_address() -> None:
    """No two modules or classes of one name, and no module called like a room."""
    rooms = {path.name for path in PACKAGE.rglob("*") if path.is_dir()} - {"__pycache__"}
    modules = [path for path in PACKAGE.rglob("*.py") if not path.name.startswith("__")]
    stems = Counter(path.stem for path in modules)
    assert not [stem for stem, times in stems.items() if times > 1]
    assert not rooms & set(stems)
    classes = Counter(
        node.name
        for path in modules
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert not [name for name, times in classes.items() if times > 1]


def test_paths_of_a_run_are_spelt_in_one_place() -> None:
    """Names of files below paths.work stand in contracts/work_folder.py alone."""
    kept = PACKAGE / "contracts" / "work_folder.py"
    spelt = ("fgs1_white_", "airs_bins_", "depths_", "events.jsonl", "population.json", "last.pt")
    for path in MODULES:
        if path != kept:
            texts = [
                node.value
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            ]
            short = [text for text in texts if "\n" not in text and " " not in text]
            assert not [t for t in short if t.startswith(spelt)], path


def test_use_cases_print_nothing() -> None:
    for path in (PACKAGE / "pipeline").glob("*.py"):
        calls = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not calls & {"print", "show", "say"}, path

"""Every way in leads to the package; the wheel is whole; lock, constraints and DVC are in step."""

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import urllib.request
import zipfile
from pathlib import Path

import pytest
import yaml

import spectramind
from spectramind.contracts.stages import CHAIN

ROOT = Path(__file__).resolve().parents[1]
SHIM = ROOT / "spectramind.py"
WAYS_IN = {
    "shim": [sys.executable, str(SHIM)],
    "module": [sys.executable, "-m", "spectramind"],
    "console": [str(Path(sys.executable).with_name("spectramind"))],
}


def run(command: list[str], cwd: Path, **env: str) -> str:
    """Standard output of a command that must succeed."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, env=clean | env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# ---------------------------------------------------------------- ways in


@pytest.mark.parametrize("way", WAYS_IN)
@pytest.mark.parametrize("from_root", [True, False], ids=["root", "elsewhere"])
def test_every_way_in_prints_version_and_config_hash(way, from_root, tmp_path):
    printed = run([*WAYS_IN[way], "--version"], cwd=ROOT if from_root else tmp_path)
    assert spectramind.__version__ in printed
    assert re.search(r"\b[0-9a-f]{8}\b", printed)


def test_import_beside_the_shim_gives_the_package():
    code = "import spectramind, spectramind.errors as e; print(spectramind.__file__, e.__name__)"
    where, submodule = run([sys.executable, "-c", code], cwd=ROOT).split()
    assert Path(where) == ROOT / "src/spectramind/__init__.py"
    assert submodule == "spectramind.errors"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_worker_processes_beside_the_shim_get_the_package(method):
    code = (
        "import multiprocessing as m, spectramind\n"
        f"with m.get_context('{method}').Pool(1) as pool:\n"
        "    print(pool.apply(eval, (\"__import__('spectramind').__file__\",)))"
    )
    assert Path(run([sys.executable, "-c", code], cwd=ROOT).strip()).name == "__init__.py"


MAIN_WITH_WORKERS = """
import multiprocessing
import sys

print("main", *sys.argv[1:])
if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            print(pool.apply(eval, ("__import__('spectramind').NAME",)))
"""


@pytest.mark.parametrize("arguments", [["spectramind.py"], ["-m", "spectramind"]])
def test_shim_runs_main_once_and_workers_do_not_run_it_again(arguments, tmp_path):
    package = tmp_path / "src/spectramind"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("NAME = 'stand-in'")
    (package / "__main__.py").write_text(MAIN_WITH_WORKERS)
    (tmp_path / SHIM.name).write_text(SHIM.read_text())
    printed = run([sys.executable, *arguments, "a", "b"], cwd=tmp_path).split("\n")
    assert printed == ["main a b", "stand-in", "stand-in", "stand-in", ""]


# ---------------------------------------------------------------- the wheel


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", f"--outdir={out}"], cwd=ROOT)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    run([*pip, "--target", str(target), str(wheel)], cwd=target)
    return target


def test_wheel_holds_the_package_and_nothing_beside_it(wheel):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"spectramind", f"spectramind-{spectramind.__version__}.dist-info"}


@pytest.mark.parametrize(
    ("folder", "pattern"), [("configs", "*.yaml"), ("schemas", "*.json"), ("policies", "*.rego")]
)
def test_wheel_holds_all_configs_and_schemas(installed, folder, pattern):
    here = {path.relative_to(ROOT / folder) for path in (ROOT / folder).rglob(pattern)}
    inside = installed / "spectramind" / folder
    assert here
    assert {path.relative_to(inside) for path in inside.rglob(pattern)} == here


def test_installed_wheel_finds_its_configs_from_elsewhere(installed, tmp_path):
    site = {"PYTHONPATH": str(installed)}
    code = "import spectramind; print(spectramind.__file__)"
    where = run([sys.executable, "-c", code], cwd=tmp_path, **site)
    assert Path(where.strip()).is_relative_to(installed)
    command = [*WAYS_IN["module"], "--version"]
    assert run(command, cwd=tmp_path, **site) == run(command, cwd=tmp_path)


def test_wheel_holds_the_built_front_end(installed):
    built = ROOT / "src/spectramind/server/static"
    inside = installed / "spectramind/server/static"
    here = {path.relative_to(built) for path in built.rglob("*") if path.is_file()}
    assert Path("index.html") in here
    assert {path.suffix for path in here} >= {".html", ".js", ".css"}
    assert {path.relative_to(inside) for path in inside.rglob("*") if path.is_file()} == here


def test_source_archive_holds_the_built_front_end(tmp_path):
    run([sys.executable, "-m", "build", "--sdist", "--no-isolation", f"--outdir={tmp_path}"], ROOT)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        names = [name for name in packed.getnames() if "/server/static/" in name]
    assert any(name.endswith("/static/index.html") for name in names)
    assert any(name.endswith(".js") for name in names)


def test_installed_wheel_shows_the_page(installed, tmp_path):
    pytest.importorskip("fastapi", reason="the extra server is not installed")
    (tmp_path / "work").mkdir()
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with subprocess.Popen(
        [*WAYS_IN["module"], "serve", "--port", "0", "--work", "work"],
        cwd=tmp_path,
        env=clean | {"PYTHONPATH": str(installed)},
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stderr is not None
            told = next(line for line in server.stderr if "?token=" in line)
            address = re.search(r"(http://[\d.:]+)/\?token=\S+", told)
            assert address is not None, told
            jar = urllib.request.HTTPCookieProcessor()
            opener = urllib.request.build_opener(jar)
            page = opener.open(address[0], timeout=60).read().decode()
            (script,) = re.findall(r'src="(/assets/[^"]+\.js)"', page)
            assert opener.open(address[1] + script, timeout=60).status == 200
        finally:
            server.terminate()


# ---------------------------------------------------------------- metadata and pins


def test_versions_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == spectramind.__version__
    assert importlib.metadata.version("spectramind") == spectramind.__version__


# torch is installed first; these ask for it, so they are installed without dependencies.
BESIDE_TORCH = {"torch", "zuko", "captum"}


def test_the_core_asks_for_what_it_imports_and_nothing_more():
    """`pip install` of the wheel without extras pulls no package that the core does not import."""
    imported = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [str(node.module)]
            imported |= {name.partition(".")[0] for name in names}
    imported -= {*sys.stdlib_module_names, "spectramind", "hydra_plugins"}
    owners = importlib.metadata.packages_distributions()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    core, extras = (
        {normal(re.split(r"[<>=\[;]", line)[0]) for line in lines}
        for lines in (
            project["dependencies"],
            [one for lines in project["optional-dependencies"].values() for one in lines],
        )
    )
    owners = {"nautilus": ["nautilus-sampler"]} | dict(owners)  # one that is not everywhere
    of_import = {name: {normal(one) for one in owners.get(name, [name])} for name in imported}
    for name, distributions in of_import.items():
        assert distributions & (core | extras | BESIDE_TORCH), f"{name} is imported, not asked for"
    assert core <= set().union(*of_import.values())


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def test_lock_pins_everything_but_torch_and_names_no_registry():
    packages = tomllib.loads((ROOT / "poetry.lock").read_text())["package"]
    assert all("source" not in package for package in packages)
    assert "torch" not in {package["name"] for package in packages}
    constraints = (ROOT / "constraints.txt").read_text()
    assert "://" not in constraints
    pinned = dict(re.findall(r"^([\w.-]+)==([\w.!+-]+)", constraints, re.MULTILINE))
    assert pinned == {package["name"]: package["version"] for package in packages}


def test_dvc_runs_the_chain_of_the_makefile():
    """obtain simulates, or links a tree; gate stands in the Makefile's runs alone."""
    chain = [line for line in run(["make", "--silent", "chain"], cwd=ROOT).split("\n") if line]
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].values()
    commands = [stage["cmd"].split(" --")[0] for stage in stages]
    ours = [stage for stage in chain if stage != "gate"]
    wanted = [stage.replace("simulate", "obtain") for stage in ours]
    assert commands == [f"spectramind {stage}" for stage in wanted]


def test_forecasts_know_the_chain_of_the_makefile():
    assert run(["make", "--silent", "chain"], cwd=ROOT).split("\n")[:-1] == list(CHAIN)


def test_dvc_code_dependencies_exist():
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].values()
    code = {dep for stage in stages for dep in stage["deps"] if dep.startswith("src/")}
    assert code
    assert not [dep for dep in code if not (ROOT / dep).is_dir()]

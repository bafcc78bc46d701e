"""Which wheels an image lacks, on an index of made-up packages; what a boot refuses."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from spectramind.errors import RuntimeRiskError, SchemaError
from spectramind.submission.kaggle_manifest import BUNDLE_NAME, KaggleManifest
from spectramind.submission.wheelhouse import Image, fill

ROOT = Path(__file__).resolve().parents[2]
HERE = "{}.{}".format(*sys.version_info)


def image(folder: Path, *lines: str, python: str = "3.12") -> Image:
    path = folder / "image.txt"
    path.write_text("\n".join([f"python=={python}", "torch==2.10.0", *lines]))
    return Image.read(path)


def made_up_wheel(index: Path, name: str, *needs: str, tag: str = "py3-none-any") -> None:
    """A wheel without a module, version 2.0."""
    info = f"{name}-2.0.dist-info"
    told = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 2.0"]
    told += [f"Requires-Dist: {need}" for need in needs]
    with zipfile.ZipFile(index / f"{name}-2.0-{tag}.whl", "w") as archive:
        archive.writestr(f"{info}/METADATA", "\n".join(told) + "\n")
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only packages there are."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


def project(folder: Path, *needs: str) -> Path:
    """A checkout that needs these."""
    (folder / "checkout" / "src" / "mine").mkdir(parents=True)
    (folder / "checkout" / "src" / "mine" / "__init__.py").touch()
    backend = "requires = ['poetry-core>=2.2']\nbuild-backend = 'poetry.core.masonry.api'"
    (folder / "checkout" / "pyproject.toml").write_text(
        "[project]\nname = 'mine'\nversion = '1.0'\nrequires-python = '>=3.11'\n"
        f"dependencies = {json.dumps(needs)}\n"
        f"[build-system]\n{backend}\n"
    )
    return folder / "checkout"


def test_what_the_image_has_is_left_and_what_it_lacks_comes_with_all_it_needs(
    index: Path, tmp_path: Path
) -> None:
    made_up_wheel(index, "lacking", "deeper>=1", "there", "windows; sys_platform == 'win32'")
    made_up_wheel(index, "deeper", "fast; extra == 'fast'", tag="cp312-cp312-manylinux_2_17_x86_64")
    made_up_wheel(index, "old")
    there = image(tmp_path, "there==1.0", "old==1.0", "never==1.0")
    house = tmp_path / "house"
    house.mkdir()
    needs = ("lacking", "old>=1.5", "there>=0.9", "never; python_version < '3.12'")
    found = fill(house, project(tmp_path, *needs), there)
    assert found.own.name == "mine-1.0-py3-none-any.whl"
    assert found.lacking == (
        "deeper-2.0-cp312-cp312-manylinux_2_17_x86_64.whl",
        "lacking-2.0-py3-none-any.whl",
        "old-2.0-py3-none-any.whl",
    )
    assert found.newer == ("old: 1.0 -> 2.0",)
    assert {path.name for path in house.iterdir()} == {found.own.name, *found.lacking}


@pytest.mark.parametrize("tag", ["cp39-cp39-manylinux_2_17_x86_64", "cp312-cp312-win_amd64"])
def test_a_wheel_for_another_python_or_system_is_none(
    index: Path, tmp_path: Path, tag: str
) -> None:
    made_up_wheel(index, "lacking", tag=tag)
    house = tmp_path / "house"
    house.mkdir()
    with pytest.raises(RuntimeRiskError, match="download lacking failed: ERROR"):
        fill(house, project(tmp_path, "lacking"), image(tmp_path))


def test_versions_follow_the_constraints(index: Path, tmp_path: Path) -> None:
    made_up_wheel(index, "lacking")
    house, checkout = tmp_path / "house", project(tmp_path, "lacking")
    house.mkdir()
    (checkout / "constraints.txt").write_text("lacking==1.0\n")
    with pytest.raises(RuntimeRiskError, match="lacking"):
        fill(house, checkout, image(tmp_path))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["numpy>=2"], "line 3: 'numpy>=2' is not NAME==VERSION"),
        (["numpy @ file:///x"], "is not NAME==VERSION"),
        (["numpy==two"], "is not NAME==VERSION"),
    ],
)
def test_a_list_that_is_none_is_refused(tmp_path: Path, lines: list[str], said: str) -> None:
    with pytest.raises(SchemaError, match=said):
        image(tmp_path, *lines)


def test_an_image_without_torch_or_python_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "image.txt"
    for text, said in (("python==3.12", "no torch"), ("torch==2.10.0", "no python")):
        path.write_text(text)
        with pytest.raises(SchemaError, match=said):
            Image.read(path)
    with pytest.raises(SchemaError, match="is missing"):
        Image.read(tmp_path / "none.txt")


def test_the_stated_image_has_what_pyproject_leaves_to_it() -> None:
    """Two packages and a newer one come along: whoever adds a dependency sees it here."""
    import tomllib

    stated = Image.read(ROOT / "kaggle/image.txt")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needs = [Requirement(text) for text in project["dependencies"]]
    lacking = {
        need.name
        for need in needs
        if need.name not in stated.packages
        or not need.specifier.contains(stated.packages[need.name])  # type: ignore[index]
    }
    assert stated.python == "3.12"
    assert lacking == {"hydra-core", "torch-geometric", "typer"}


# ---------------------------------------------------------------- boot


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle of one wheel, for this Python."""
    folder = tmp_path / "bundle"
    (folder / "wheelhouse").mkdir(parents=True)
    made_up_wheel(folder / "wheelhouse", "mine")
    manifest = KaggleManifest(
        time="2026-01-01T00:00:00Z",
        git_sha="0" * 40,
        version="1",
        config_hash="0" * 8,
        science_hash="0" * 8,
        python=HERE,
        wheel="mine-2.0-py3-none-any.whl",
    )
    manifest.write(folder, BUNDLE_NAME)
    return folder


def boot(bundle: Path) -> subprocess.CompletedProcess[str]:
    line = ["bash", str(ROOT / "bin/kaggle-boot.sh"), str(bundle)]
    env = {"PYTHON": sys.executable, "PATH": os.environ["PATH"]}
    return subprocess.run(line, env=env, capture_output=True, text=True, check=False)


def test_a_damaged_wheel_is_not_installed(bundle: Path) -> None:
    (wheel,) = bundle.rglob("*.whl")
    wheel.write_bytes(wheel.read_bytes()[:-1] + b"x")
    done = boot(bundle)
    assert done.returncode == 2
    assert "mine-2.0-py3-none-any.whl is missing or damaged" in done.stderr
    with pytest.raises(SchemaError, match="is not what its manifest says"):
        KaggleManifest.read(bundle / BUNDLE_NAME).verify(bundle)


def test_wheels_of_another_python_are_refused(bundle: Path) -> None:
    path = bundle / BUNDLE_NAME
    path.write_text(path.read_text().replace(f'"{HERE}"', '"3.8"'))
    done = boot(bundle)
    assert done.returncode == 2
    assert f"the wheels are for Python 3.8, this is {HERE}" in done.stderr


def test_another_folder_is_no_bundle(tmp_path: Path) -> None:
    done = boot(tmp_path)
    assert done.returncode == 3
    assert "holds no kaggle_bundle.json" in done.stderr

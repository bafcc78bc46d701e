"""The configuration tree: every file composes, every mistake is one line."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from spectramind.config.compose import compose, freeze, resource_dir
from spectramind.config.overrides import normalise, quoted
from spectramind.config.typed_overrides import swept_keys, understood
from spectramind.errors import ConfigError

CONFIGS = resource_dir("configs")
GROUPS = sorted(
    path.name for path in CONFIGS.iterdir() if path.is_dir() and path.name != "__pycache__"
)
# Files that a sibling of their group composes, and that cannot stand in its place.
PARTS = {
    ("model", "prior"),
    ("model", "fgs1_mamba"),
    ("model", "airs_gnn"),
    ("model", "fusion"),
    ("model", "decoder"),
    ("model", "sigma_head"),
    ("calib", "temp"),
    ("calib", "corel"),
    ("calib", "instance"),
    ("sim", "effects"),
    ("sim", "population"),
}


def choices() -> list[tuple[str, str]]:
    found = [(group, p.stem) for group in GROUPS for p in sorted((CONFIGS / group).glob("*.yaml"))]
    return [choice for choice in found if choice not in PARTS]


@pytest.mark.parametrize(("group", "name"), choices())
def test_every_file_of_the_tree_composes(group: str, name: str) -> None:
    assert len(compose([f"{group}={name}"]).hash) == 8


def test_every_part_is_mounted_by_its_group() -> None:
    for group, name in PARTS:
        path = CONFIGS / group / f"{name}.yaml"
        if path.is_file():
            mounts = [p.read_text() for p in (CONFIGS / group).glob("*.yaml") if p != path]
            assert any(name in text for text in mounts), path


@pytest.mark.parametrize("override", ["loss.λ_sm=0.7", "+loss.λ_sm=0.7", "loss.lambda_sm=0.7"])
def test_greek_and_plus_mean_the_key(override: str) -> None:
    assert compose([override]).loss.lambda_sm == 0.7


def test_doctrine_names_are_understood() -> None:
    assert normalise("training.lr=1") == "train.lr=1"
    assert normalise("+model.fusion.type=cross-attend") == "model.fusion.type=cross-attend"
    assert normalise("data.raw=/λ/path") == "data.raw=/λ/path"
    assert normalise("executor=dask") == "env.executor=dask"


@pytest.mark.parametrize("text", ["/a b/c", "/with=equals", '/with"quote', "/back\\slash", "a,b"])
def test_quoted_paths_arrive_as_typed(text: str) -> None:
    assert str(compose([quoted("data.raw", text)]).data.raw) == str(Path(text))


@pytest.mark.parametrize(
    "text",
    [
        "/Ω", "/a(b)", "/a=b", "/a#1", "/a, b", "/[x]", "[x]", "{a", "007.5", "1e5", "true",
        '/with"quote', "/it's", "'/a", "/日本", "/a&b|c;d*?!", "/back\\slash", "/a$b", "/a%b",
    ],
)  # fmt: skip
def test_a_path_needs_no_quotes(text: str) -> None:
    assert str(compose([f"data.raw={text}"]).data.raw) == text
    assert str(compose([f"paths.real={text}"]).paths.real) == text


def test_quoted_interpolated_and_empty_values_mean_what_they_did() -> None:
    assert str(compose(["data.raw='/q (1)'"]).data.raw) == "/q (1)"
    assert str(compose(["paths.work=/w", "data.raw=${paths.work}/x"]).data.raw) == "/w/x"
    assert compose(["paths.real=null"]).paths.real is None


@pytest.mark.parametrize("typed", ["~/x", '"~/x"', "~"])
def test_a_tilde_is_the_home_folder(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    config = compose([f"paths.work={typed}", f"data.raw={typed}"])
    assert str(config.data.raw) == typed.strip('"').replace("~", "/home/me")
    assert str(config.paths.features).startswith("/home/me/")
    tree = OmegaConf.create(
        compose().model_dump(mode="json") | {"data": {"raw": "~/y", "split": "all", "link": None}}
    )
    assert str(freeze(tree).data.raw) == "/home/me/y"


def test_in_a_sweep_a_comma_stays_two_values() -> None:
    typed = ["data.raw=/Ω,/b", "train.lr=1,2", "paths.work=/a(1)"]
    wanted = understood(typed, sweep=True)
    assert wanted == ['data.raw="/Ω","/b"', "train.lr=1,2", 'paths.work="/a(1)"']
    assert swept_keys(wanted) == {"data.raw", "train.lr"}


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("train.lr=(1", "override 'train.lr=(1' cannot be read: "),
        ("train.lr=Ω", "must be quoted, for the shell too: 'train.lr=\"Ω\"'"),
        ("train.lr 1", "has no '=': write KEY=VALUE"),
        ("", "has no '=': write KEY=VALUE"),
        ("train.lrr=1", "unknown config key 'train.lrr': did you mean 'train.lr'?"),
        ("train.lr=-1", "train.lr"),
        ("train.lr=abc", "train.lr"),
        ("sim=nope", "sim/nope"),
        ("executor=dask", "'env.scheduler': executor=dask needs a running cluster"),
        ("env.executor=slurm", "env.executor"),
        ("foo", "foo"),
        ("+brand.new=1", "brand"),
    ],
)
def test_mistakes_are_one_line(override: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        compose([override])
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_hash_follows_the_content() -> None:
    plain = compose().hash
    assert compose().hash == plain
    assert compose(["train.lr=0.002"]).hash != plain


@pytest.mark.parametrize(
    "override",
    [
        "paths.work=/elsewhere",
        "paths.features=/elsewhere",
        "data.raw=/elsewhere",
        "env.workers=3",
        "env.threads=3",
        "env.scheduler=tcp://there:1",
        "logger.level=DEBUG",
        "diag.html.open=true",
        "submission.dialect=kaggle",
    ],
)
def test_the_science_hash_is_the_same_on_any_machine(override: str) -> None:
    plain, other = compose(), compose([override])
    assert other.hash != plain.hash
    assert other.science_hash == plain.science_hash


@pytest.mark.parametrize(
    "override",
    [
        "seed=1",
        "sim=smoke",
        "sim.cadence=3",
        "level=lightcurves",
        "calib.temp.enabled=false",
        "fit.samples=100",
        "split.folds=4",
        "train.lr=0.002",
        "loss.λ_sm=0.7",
        "data.split=test",
        "env.device=cpu",
    ],
)
def test_the_science_hash_follows_what_can_change_a_number(override: str) -> None:
    assert compose([override]).science_hash != compose().science_hash


def test_config_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        compose().train.lr = 1.0  # type: ignore[misc]


def test_work_folder_moves_everything_that_is_written() -> None:
    paths = compose(["paths.work=/elsewhere"]).paths
    assert paths.real is paths.spectra is None  # read, never written
    for name, path in paths:
        assert name in ("real", "spectra") or str(path).startswith("/elsewhere"), name

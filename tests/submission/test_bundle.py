import json
import zipfile

import numpy as np
import pytest

from spectramind.contracts.spectra import Spectra
from spectramind.errors import SchemaError
from spectramind.submission.bundle import verify_bundle, write_bundle
from spectramind.submission.dialects import Dialect
from spectramind.submission.table import write_submission

MANIFEST = {
    "time": "2025-01-01T00:00:00Z",
    "git_sha": "abcdef1",
    "config_hash": "01234567",
    "calibration": {"tau": 1.2, "alpha": 0.1},
    "toolchain": {"python": "3.11"},
}


@pytest.fixture
def parts(tmp_path):
    shape = (2, 283)
    spectra = Spectra(("11", "22"), np.full(shape, 0.01), np.full(shape, 1e-4))
    write_submission(tmp_path / "submission.csv", spectra, Dialect.SPECTRAMIND)
    (tmp_path / "temperature.json").write_text('{"tau": 1.2}')
    (tmp_path / "score.json").write_text("{}")
    extras = {
        "score.json": tmp_path / "score.json",
        "calibration/temperature.json": tmp_path / "temperature.json",
    }
    return tmp_path / "submission.csv", extras


@pytest.fixture
def bundle(tmp_path, parts):
    target = tmp_path / "out" / "bundle.zip"
    write_bundle(target, parts[0], MANIFEST, parts[1])
    return target


def rewritten(source, change):
    """The bundle with its members changed, still a sound zip."""
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    target = source.with_name("changed.zip")
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in change(members).items():
            archive.writestr(name, content)
    return target


def test_bundle_holds_everything_with_digests(bundle):
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
        stored = json.loads(archive.read("submission_manifest.json"))
    assert names == [
        "submission_manifest.json",
        "calibration/temperature.json",
        "score.json",
        "submission.csv",
    ]
    assert stored["config_hash"] == "01234567"
    # SHA-256 of "{}"
    assert stored["files"]["score.json"].startswith("44136fa355b3678a")
    assert verify_bundle(bundle, ["11", "22"]).calibration == {"tau": 1.2, "alpha": 0.1}


def test_same_files_give_the_same_bytes(tmp_path, parts, bundle):
    again = tmp_path / "again.zip"
    write_bundle(
        again, parts[0], dict(reversed(MANIFEST.items())), dict(reversed(parts[1].items()))
    )
    assert again.read_bytes() == bundle.read_bytes()


def test_invalid_submission_is_not_bundled(tmp_path, parts):
    text = parts[0].read_text()
    parts[0].write_text(text.replace(",0.0001", ",-0.0001", 1))
    with pytest.raises(SchemaError, match=r"sigma_0 is '-0\.0001'"):
        write_bundle(tmp_path / "b.zip", parts[0], MANIFEST, parts[1])
    assert not (tmp_path / "b.zip").exists()


def test_bundle_must_hold_the_expected_planets(tmp_path, parts, bundle):
    with pytest.raises(SchemaError, match="planets missing: 33"):
        write_bundle(tmp_path / "b.zip", parts[0], MANIFEST, {}, ["11", "22", "33"])
    with pytest.raises(SchemaError, match="planets missing: 33"):
        verify_bundle(bundle, ["11", "22", "33"])


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "a\\x", "C:x", ""])
def test_unsafe_names_are_neither_written_nor_read(tmp_path, parts, bundle, name):
    with pytest.raises(SchemaError, match="unsafe member name"):
        write_bundle(tmp_path / "b.zip", parts[0], MANIFEST, {name: parts[0]})
    hostile = rewritten(bundle, lambda members: members | {name or "..": b"x"})
    with pytest.raises(SchemaError, match="unsafe member name"):
        verify_bundle(hostile)


def test_missing_extra_and_taken_names_are_refused(tmp_path, parts):
    with pytest.raises(SchemaError, match=r"corel\.npz is missing"):
        write_bundle(tmp_path / "b.zip", parts[0], MANIFEST, {"corel.npz": tmp_path / "corel.npz"})
    for name in ("submission.csv", "submission_manifest.json"):
        with pytest.raises(SchemaError, match="extras must not be called"):
            write_bundle(tmp_path / "b.zip", parts[0], MANIFEST, {name: parts[0]})


def test_incomplete_manifest_is_refused(tmp_path, parts):
    lacking = {key: value for key, value in MANIFEST.items() if key != "git_sha"}
    with pytest.raises(SchemaError, match="git_sha"):
        write_bundle(tmp_path / "b.zip", parts[0], lacking, {})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m | {"score.json": b"{ }"}, "score.json does not have the digest"),
        (lambda m: m | {"extra.txt": b""}, "its manifest names"),
        (lambda m: {k: v for k, v in m.items() if k != "score.json"}, "its manifest names"),
        (lambda m: {k: v for k, v in m.items() if "manifest" not in k}, "manifest.json is missing"),
        (lambda m: m | {"submission_manifest.json": b"{"}, "not JSON"),
        (lambda m: m | {"submission_manifest.json": b"[]"}, "manifest"),
    ],
)
def test_altered_bundle_is_refused(bundle, change, words):
    with pytest.raises(SchemaError, match=words):
        verify_bundle(rewritten(bundle, change))


def test_member_given_twice_is_refused(bundle):
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(bundle, "a") as archive:
        archive.writestr("score.json", b"{}")
    with pytest.raises(SchemaError, match="twice"):
        verify_bundle(bundle)


def test_damaged_zip_is_refused(bundle):
    content = bytearray(bundle.read_bytes())
    bundle.write_bytes(content[: len(content) // 2])
    with pytest.raises(SchemaError, match="cannot be read as a zip"):
        verify_bundle(bundle)
    content[200] ^= 0xFF  # inside a compressed member
    bundle.write_bytes(content)
    with pytest.raises(SchemaError, match="cannot be read as a zip"):
        verify_bundle(bundle)
    with pytest.raises(SchemaError, match="cannot be read as a zip"):
        verify_bundle(bundle.with_name("none.zip"))

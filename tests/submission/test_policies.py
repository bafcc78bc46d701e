"""The validator and the Rego policies judge the same bundles alike."""

import hashlib
import json
import stat
import warnings
import zipfile
from io import BytesIO

import numpy as np
import pytest

from spectramind.contracts.spectra import Spectra
from spectramind.errors import SchemaError
from spectramind.submission import rego_policy
from spectramind.submission.bundle import check_bundle, write_bundle
from spectramind.submission.bundle_facts import bundle_facts
from spectramind.submission.dialects import Dialect
from spectramind.submission.rego_policy import denials, policy_files, rego_engine
from spectramind.submission.table import submission_text

PLANETS = ("11", "22")


def table(dialect=Dialect.SPECTRAMIND, mu=0.01, sigma=1e-4) -> str:
    shape = (len(PLANETS), 283)
    return submission_text(Spectra(PLANETS, np.full(shape, mu), np.full(shape, sigma)), dialect)


def npz(**arrays) -> bytes:
    content = BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


def sound() -> dict[str, bytes]:
    """Members of a good bundle, without its manifest."""
    return {
        "submission.csv": table().encode(),
        "temperature.json": b'{"tau": 1.2}',
        "corel.npz": npz(factor=np.ones(283)),
    }


def manifest(members, **changes):
    held = {
        "time": "2026-01-01T00:00:00Z",
        "git_sha": "a" * 40,
        "config_hash": "0123abcd",
        "calibration": {"temperature": 1.2, "corel": {"alpha": 0.1}},
        "toolchain": {"python": "3.11"},
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in members.items()},
    }
    return held | changes


def packed(path, members, told=None, drop=(), link=None):
    told = manifest(members) if told is None else told
    told = {key: value for key, value in told.items() if key not in drop} if told else told
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")  # a name given twice is wanted here
        if told:
            archive.writestr("submission_manifest.json", json.dumps(told))
        for name, content in members.items():
            member = zipfile.ZipInfo(name)
            if name == link:
                member.create_system = 3
                member.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(member, content)
    return path


def edited(before, after, times=-1):
    return {**sound(), "submission.csv": table().replace(before, after, times).encode()}


def without(name):
    return {key: content for key, content in sound().items() if key != name}


def reordered():
    head, *rows = table().splitlines()
    head = head.replace("mu_0,mu_1,", "mu_1,mu_0,", 1)
    return {**sound(), "submission.csv": "\n".join([head, *rows]).encode()}


GOOD = {
    "both calibrators": sound(),
    "Kaggle's columns": {**sound(), "submission.csv": table(Dialect.KAGGLE).encode()},
    "in a folder": {
        ("calibration/" + name if "csv" not in name else name): content
        for name, content in sound().items()
    },
    "bom": {**sound(), "submission.csv": b"\xef\xbb\xbf" + table().encode()},
    "zero depth": {**sound(), "submission.csv": table(mu=0.0).encode()},
}
# name: (members, what the policy says first or at all, keywords of packed)
BAD = {
    "leaves the folder": ({**sound(), "../x.csv": b""}, "name"),
    "absolute": ({**sound(), "/etc/x.csv": b""}, "name"),
    "backslash": ({**sound(), "a\\x.csv": b""}, "name"),
    "drive": ({**sound(), "C:x.csv": b""}, "name"),
    "checkpoint inside": ({**sound(), "best.pt": b"x"}, "kind"),
    "script inside": ({**sound(), "run.py": b"x"}, "kind"),
    "pickle inside": (
        {**sound(), "corel.npz": npz(factor=np.array([{"a": 1}], dtype=object))},
        "pickle",
    ),
    "no npz": ({**sound(), "corel.npz": b"not a zip"}, "pickle"),
    "no calibrator": (without("temperature.json"), "calibrator"),
    "no intervals": (without("corel.npz"), "calibrator"),
    "no table": (without("submission.csv"), "absent"),
    "empty table": ({**sound(), "submission.csv": b""}, "columns"),
    "head alone": ({**sound(), "submission.csv": table().splitlines()[0].encode()}, "planets"),
    "other columns": (edited("sigma_282", "sigma_283"), "columns"),
    "order": (reordered(), "columns"),
    "sigma 0": (edited("0.0001", "0", 1), "row"),
    "sigma below 0": (edited("0.0001", "-0.0001", 1), "row"),
    "mu of 1": (edited("0.01,", "1,", 1), "row"),
    "mu below 0": (edited("0.01,", "-0.01,", 1), "row"),
    "no number": (edited("0.01,", "x,", 1), "row"),
    "nan": (edited("0.01,", "nan,", 1), "row"),
    "infinite": (edited("0.0001", "inf", 1), "row"),
    "underscore": (edited("0.01,", "0_0,", 1), "row"),
    "a value short": (edited("0.01,", "", 1), "row"),
    "planet twice": (edited("\n22,", "\n11,"), "planets"),
    "planet unknown": (edited("\n22,", "\n33,"), "planets"),
    "planet with quote": (edited("\n22,", "\n2'2,"), "row"),
}
BAD_MANIFEST = {
    "commit": {"git_sha": "main"},
    "hash": {"config_hash": "xyz"},
    "time": {"time": "yesterday"},
    "key too many": {"note": ""},
}


def both(path):
    """Whether each finds the bundle sound, and the rules that the policies see broken."""
    engine = rego_engine()
    if engine is None:
        pytest.skip("no Rego engine is installed (extra policy)")
    try:
        check_bundle_without_rego(path)
        valid = True
    except SchemaError:
        valid = False
    return valid, {denial.rule for denial in denials(bundle_facts(path, PLANETS), engine)}


def check_bundle_without_rego(path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rego_policy, "rego_engine", lambda: None)
        return check_bundle(path, PLANETS)


@pytest.mark.parametrize("name", GOOD)
def test_both_let_good_bundles_pass(name, tmp_path):
    assert both(packed(tmp_path / "b.zip", GOOD[name])) == (True, set())


@pytest.mark.parametrize("name", BAD)
def test_both_refuse_bad_bundles(name, tmp_path):
    members, rule = BAD[name]
    valid, rules = both(packed(tmp_path / "b.zip", members))
    assert not valid
    assert rule in rules


@pytest.mark.parametrize("name", BAD_MANIFEST)
def test_both_refuse_bad_manifests(name, tmp_path):
    members = sound()
    path = packed(tmp_path / "b.zip", members, manifest(members, **BAD_MANIFEST[name]))
    assert both(path) == (False, {"manifest"})


@pytest.mark.parametrize("key", ["time", "git_sha", "config_hash", "toolchain"])
def test_both_refuse_incomplete_manifests(key, tmp_path):
    assert both(packed(tmp_path / "b.zip", sound(), drop=[key])) == (False, {"manifest"})


def test_both_refuse_what_the_manifest_does_not_tell(tmp_path):
    members, other = sound(), {**sound(), "temperature.json": b"{}"}
    valid, rules = both(packed(tmp_path / "digest.zip", members, manifest(other)))
    assert (valid, rules) == (False, {"digest"})
    valid, rules = both(
        packed(tmp_path / "more.zip", {**members, "x.json": b""}, manifest(members))
    )
    assert (valid, rules) == (False, {"unlisted"})
    valid, rules = both(packed(tmp_path / "none.zip", members, told={}))
    assert not valid
    assert "manifest" in rules


def test_both_refuse_links(tmp_path):
    path = packed(tmp_path / "b.zip", sound(), link="temperature.json")
    assert both(path) == (False, {"link"})
    with pytest.raises(SchemaError, match=r"'temperature\.json' is no plain file"):
        check_bundle_without_rego(path)


def test_both_refuse_a_member_given_twice(tmp_path):
    path = packed(tmp_path / "b.zip", sound())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("temperature.json", sound()["temperature.json"])
    assert both(path) == (False, {"twice"})


@pytest.mark.parametrize(
    "name", ['a"b.csv', 'a", "plain": "', "a\nb.csv", "é`{}.csv", "../💥\\.csv"]
)
def test_no_name_of_a_member_is_read_as_policy_or_input(name, tmp_path):
    path = packed(tmp_path / "b.zip", {**sound(), name: b""})
    engine = rego_engine()
    if engine is None:
        pytest.skip("no Rego engine is installed (extra policy)")
    told = {denial.what for denial in denials(bundle_facts(path, PLANETS), engine)}
    assert told == (set() if name.endswith(".csv") and ".." not in name else {name})


@pytest.mark.parametrize("name", ["checkpoint inside", "pickle inside", "no calibrator"])
def test_validator_alone_refuses_them_in_one_line(name, tmp_path):
    """The engine is optional: its rules are not."""
    words = {
        "checkpoint inside": r"best\.pt is none of \.csv, \.json, \.npz: leave it out",
        "pickle inside": r"corel\.npz cannot be read without a pickle",
        "no calibrator": r"temperature was applied, but temperature\.json is missing",
    }[name]
    path = packed(tmp_path / "b.zip", BAD[name][0])
    with pytest.raises(SchemaError, match=words):
        check_bundle_without_rego(path)


def test_a_policy_of_a_site_is_held_to(tmp_path, monkeypatch):
    if rego_engine() is None:
        pytest.skip("no Rego engine is installed (extra policy)")
    extra = tmp_path / "site.rego"
    extra.write_text(
        "package spectramind.bundle\nimport rego.v1\n"
        'deny contains {"rule": "site", "what": "too few planets"} if count(input.table.rows) < 3\n'
    )
    monkeypatch.setattr(rego_policy, "policy_files", lambda: [*policy_files(), extra])
    (tmp_path / "submission.csv").write_text(table())
    told = {k: v for k, v in manifest({}, calibration={}).items() if k != "files"}
    with pytest.raises(SchemaError, match="the policies deny it: site: too few planets"):
        write_bundle(tmp_path / "b.zip", tmp_path / "submission.csv", told, {})
    assert not (tmp_path / "b.zip").exists()
    extra.write_text("package spectramind.bundle\nthis is no rego\n")
    with pytest.raises(SchemaError, match=r"policies \(bundle\.rego, site\.rego\)"):
        write_bundle(tmp_path / "b.zip", tmp_path / "submission.csv", told, {})


def test_without_engine_it_is_said_who_judged(tmp_path):
    told = check_bundle_without_rego(packed(tmp_path / "b.zip", sound())).judged
    assert told.startswith("by the validator alone: no Rego engine here")

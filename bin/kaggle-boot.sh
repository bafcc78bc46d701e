#!/usr/bin/env bash
# Install SpectraMind in a Kaggle notebook, without network, from a bundle that `spectramind
# kaggle-bundle` made and that is attached as a data set:
#
#   bash /kaggle/input/DATASET/kaggle-boot.sh [BUNDLE]
#
# BUNDLE: the bundle's folder; without it, the one that this script lies in. It is read only.
# PYTHON: the interpreter that it is installed for; `python` without it.
# Again after a restart: it takes seconds where everything is there already.
set -euo pipefail

bundle=${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)}
python=${PYTHON:-python}

fail() { printf 'kaggle-boot: %s\n' "$1" >&2; exit "$2"; }

[[ -f $bundle/kaggle_bundle.json ]] ||
    fail "$bundle holds no kaggle_bundle.json: attach the data set that kaggle-bundle made" 3
command -v "$python" >/dev/null || fail "no $python here: set PYTHON" 3

# Every file is what the manifest says, and made for this Python. Prints the project's wheel.
wheel=$("$python" - "$bundle" <<'PYTHON'
import hashlib
import json
import pathlib
import sys

bundle = pathlib.Path(sys.argv[1])
manifest = json.loads((bundle / "kaggle_bundle.json").read_text(encoding="utf-8"))
here = "{}.{}".format(*sys.version_info)
if manifest["python"] != here:
    sys.exit(
        f"kaggle-boot: the wheels are for Python {manifest['python']}, this is {here}: list this "
        "image's packages (pip freeze) and run `spectramind kaggle-bundle --image LIST`"
    )
for name, digest in manifest["files"].items():
    path = bundle / name
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        sys.exit(f"kaggle-boot: {path} is missing or damaged: upload the bundle again")
print(manifest["wheel"])
PYTHON
) || exit 2

pip=("$python" -m pip --disable-pip-version-check install --quiet --no-index
    --find-links "$bundle/wheelhouse")
[[ $(id -u) -ne 0 ]] || pip+=(--root-user-action=ignore)

# What the image has stays; what it lacks comes from the wheelhouse. The project's own wheel is laid
# anew where one is there: its version does not tell two builds apart.
before=$("$python" -I -c 'import importlib.metadata as m
print(len(list(m.distributions(name="spectramind"))))')
"${pip[@]}" "$bundle/wheelhouse/$wheel" ||
    fail "the image lacks more than the wheelhouse has: list its packages (pip freeze) and run \
\`spectramind kaggle-bundle --image LIST\`" 3
if [[ $before -gt 0 ]]; then
    "${pip[@]}" --no-deps --force-reinstall "$bundle/wheelhouse/$wheel"
fi
"$python" -m spectramind --version

"""Names that users' documents give to settings beside the tree's own: the one table of them.

``spectramind --help`` shows it. An alias always stands for a setting that does something.
"""

# Head of a key, or a whole key -> the same in the tree. Groups are keys, too.
KEYS = {
    "training": "train",
    "diagnostics": "diag",
    "calibration": "calib",
    "executor": "env.executor",
    "uq.temp_scale": "calib.temp.enabled",
    "uq.corel": "calib.corel.enabled",
    "train.optim.lr": "train.lr",
    "train.optim.wd": "train.weight_decay",
    "train.sched.warmup_steps": "train.warmup_steps",
    "train.early_stop_patience": "train.patience",
    "train.seed": "seed",
    "loss.smooth_l2_weight": "loss.lambda_sm",
    "loss.fft_suppress_weight": "loss.lambda_fft",
}
# (key, value) in the tree's spelling of the key -> the tree's value.
VALUES = {
    ("train", "default"): "supervised",
    ("model.fusion.type", "concat"): "concat_mlp",
}
# Scripts, modules and options that documents name -> what does what they say.
SCRIPTS = {
    "python selftest.py": "spectramind selftest",
    "python pipeline_consistency_checker.py": "spectramind check-pipeline",
    "python generate_html_report.py": "spectramind diagnose dashboard",
    "python src/spectramind/utils/schema_check.py FILE": (
        "spectramind submit validate --submission FILE"
    ),
    "python -m spectramind.calibration.run --in RAW --out DIR": (
        "spectramind calibrate data.raw=RAW paths.calibrated=DIR"
    ),
    "python -m spectramind.features.run --in DIR --out OTHER": (
        "spectramind features paths.calibrated=DIR paths.features=OTHER"
    ),
    "spectramind dashboard": "spectramind diagnose dashboard",
    "--fast-kaggle": "--config overrides/kaggle_fast.yaml",
}


def real_key(key: str) -> str:
    """The tree's spelling of a key: aliases replaced, the longest first, until none is left."""
    parts = key.split(".")
    for length in range(len(parts), 0, -1):
        head = ".".join(parts[:length])
        if head in KEYS:
            return real_key(".".join([KEYS[head], *parts[length:]]))
    return key


def real_value(key: str, value: str) -> str:
    """The tree's spelling of a value, or of each of several with commas between."""
    if not any(known == key for known, _ in VALUES):
        return value
    return ",".join(VALUES.get((key, one.strip()), one) for one in value.split(","))


def as_table() -> dict[str, list[tuple[str, str]]]:
    """Every other name and what it stands for, as a user types both, by kind."""
    settings = [(f"{alias}=", f"{key}=") for alias, key in KEYS.items()]
    settings += [(f"{key}={alias}", f"{key}={value}") for (key, alias), value in VALUES.items()]
    return {"Other names of settings": settings, "Other names of commands": [*SCRIPTS.items()]}

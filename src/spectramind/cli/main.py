"""The one command line: ``spectramind COMMAND [hydra overrides]``."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from typer.exceptions import Exit

from spectramind.cli.arguments import Multirun, Overrides
from spectramind.cli.complaint import complaint
from spectramind.cli.execute import Call, execute, show_version
from spectramind.cli.hand_out import export, kaggle_bundle, submit
from spectramind.cli.serve_command import serve
from spectramind.cli.settings_options import with_settings
from spectramind.cli.terminal import make_streams_robust, one_line
from spectramind.config.aliases import as_table
from spectramind.diagnostics.topics import TOPICS, Topic
from spectramind.errors import ExitCode
from spectramind.run.processes import TogetherError, leave_it_to_the_first, processes
from spectramind.run.stopping import stop_on_signals
from spectramind.run.threads import calm_threads

# What Typer makes of Ctrl-C, as shells do; then SIGTERM and SIGHUP.
INTERRUPTED = 130
_STOPPED = {INTERRUPTED, 143, 129}

Workers = Annotated[int | None, typer.Option(help="Worker processes; 0 for one a core.")]

_OTHER_NAMES = "\n\n".join(
    f"{kind}: " + "; ".join(f"{alias} is {meant}" for alias, meant in names) + "."
    for kind, names in as_table().items()
)
Spectra = Annotated[
    Path | None,
    typer.Option(help="Judge these instead: ECSV, FITS, HDF5, CSV, or a submission table."),
]

app = typer.Typer(
    help="Raw Ariel telemetry in, transmission spectra with an honest sigma out.",
    epilog=_OTHER_NAMES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
diagnose = typer.Typer(help="Look at what the runs made.", no_args_is_help=True)
app.add_typer(diagnose, name="diagnose")
app.add_typer(submit, name="submit")
app.add_typer(export, name="export")
app.command("kaggle-bundle")(kaggle_bundle)
app.command()(serve)


def _version(wanted: bool) -> None:
    if wanted:
        show_version()
        raise Exit


def _with_workers(overrides: list[str] | None, workers: int | None) -> list[str]:
    return [*(overrides or []), *([] if workers is None else [f"env.workers={workers}"])]


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_version,
            is_eager=True,
            help="Version and hashes of the defaults, and exit.",
        ),
    ] = False,
) -> None:
    """Every command takes Hydra overrides: experiment=demo, data.raw=PATH, paths.work=PATH."""


@app.command()
@with_settings
def simulate(
    overrides: Overrides = None, multirun: Multirun = False, workers: Workers = None
) -> None:
    """Write a synthetic competition tree at data.raw."""
    execute(Call("simulate", _with_workers(overrides, workers), multirun))


@app.command()
@with_settings
def obtain(
    overrides: Overrides = None, multirun: Multirun = False, workers: Workers = None
) -> None:
    """Make data.raw be there: link the tree that data.link names, or simulate one."""
    execute(Call("obtain", _with_workers(overrides, workers), multirun))


@app.command("simulate-report")
@with_settings
def simulate_report(
    overrides: Overrides = None,
    multirun: Multirun = False,
    real: Annotated[Path | None, typer.Option(help="A tree of real data to compare with.")] = None,
    html: Annotated[Path | None, typer.Option(help="Where the page goes.")] = None,
) -> None:
    """Set the simulated tree beside real data and the published ranges."""
    paths = {"paths.real": real, "paths.simulation_report": html}
    execute(Call("simulate-report", overrides, multirun, paths=paths))


@app.command()
@with_settings
def calibrate(
    overrides: Overrides = None,
    multirun: Multirun = False,
    workers: Workers = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, write nothing.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first visit that fails.")
    ] = False,
) -> None:
    """Run the detector kill chain: raw frames to light curves."""
    wanted = _with_workers(overrides, workers)
    execute(Call("calibrate", wanted, multirun, {"dry_run": dry_run, "strict": strict}))


@app.command()
@with_settings
def features(
    overrides: Overrides = None, multirun: Multirun = False, workers: Workers = None
) -> None:
    """Extract light curves and fit the transits."""
    execute(Call("features", _with_workers(overrides, workers), multirun))


@app.command()
@with_settings
def train(
    overrides: Overrides = None,
    multirun: Multirun = False,
    phase: Annotated[
        str | None,
        typer.Option(help="mae, contrastive, supervised or all: a file of configs/train."),
    ] = None,
) -> None:
    """Learn the spectral prior and the network's correction of it."""
    chosen = [] if phase is None else [f"train={phase}"]
    execute(Call("train", [*chosen, *(overrides or [])], multirun))


@app.command("calibrate-temp")
@with_settings
def calibrate_temp(overrides: Overrides = None, multirun: Multirun = False) -> None:
    """Fit the temperature of sigma on planets that were not trained on."""
    execute(Call("calibrate-temp", overrides, multirun))


@app.command("calibrate-corel")
@with_settings
def calibrate_corel(overrides: Overrides = None, multirun: Multirun = False) -> None:
    """Fit per-bin sigma factors and conformal intervals on planets that were not trained on."""
    execute(Call("calibrate-corel", overrides, multirun))


@app.command()
@with_settings
def predict(
    overrides: Overrides = None,
    multirun: Multirun = False,
    out_csv: Annotated[Path | None, typer.Option(help="Where the submission goes.")] = None,
) -> None:
    """Predict every planet of the test folder and write a valid submission."""
    execute(Call("predict", overrides, multirun, paths={"paths.submission": out_csv}))


@app.command()
@with_settings
def score(
    overrides: Overrides = None,
    multirun: Multirun = False,
    truth: Annotated[Path | None, typer.Option(help="CSV with the true spectra.")] = None,
    against: Annotated[
        str | None,
        typer.Option(help="References, comma between: constant, box, lsq, physics, oracle."),
    ] = None,
    if_known: Annotated[
        bool, typer.Option("--if-known", help="Without a truth write no score, and do not fail.")
    ] = False,
    spectra: Spectra = None,
) -> None:
    """Print the official score beside the references."""
    beside = [] if against is None else [f"score.against=[{against}]"]
    wanted = [*(overrides or []), *beside]
    flags = {"if_known": if_known}
    paths = {"paths.truth": truth, "paths.spectra": spectra}
    execute(Call("score", wanted, multirun, flags, paths=paths))


@app.command()
@with_settings
def audit(
    overrides: Overrides = None,
    multirun: Multirun = False,
    truth: Annotated[Path | None, typer.Option(help="CSV with the true spectra.")] = None,
    spectra: Spectra = None,
) -> None:
    """Judge the predicted spectra by the symbolic rules, and look for strangers."""
    paths = {"paths.truth": truth, "paths.spectra": spectra}
    execute(Call("audit", overrides, multirun, paths=paths))


@app.command()
@with_settings
def gate(
    overrides: Overrides = None,
    multirun: Multirun = False,
    baseline: Annotated[
        Path | None, typer.Option(help="score.json of an earlier run on the same planets.")
    ] = None,
) -> None:
    """Fail (exit code 2) where a run falls short of its bounds: score, coverage, time, files."""
    execute(Call("gate", overrides, multirun, paths={"gate.baseline": baseline}))


@app.command()
@with_settings
def ablate(
    overrides: Overrides = None,
    multirun: Multirun = False,
    grid: Annotated[Path | None, typer.Option(help="YAML file of the variants.")] = None,
    search: Annotated[
        Path | None, typer.Option(help="YAML file of ranges, where Optuna looks for variants.")
    ] = None,
    trials: Annotated[int | None, typer.Option(help="Variants of a search in all.")] = None,
    top_n: Annotated[
        int | None, typer.Option("--top_n", "--top-n", help="Variants printed, best first.")
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(help="Seeds of each variant, comma between: 1337,1338.")
    ] = None,
    on: Annotated[
        str | None, typer.Option(help="Planets that judge: calibration (a fold) or test.")
    ] = None,
    md: Annotated[bool, typer.Option("--md", help="Print Markdown.")] = False,
    open_html: Annotated[
        bool, typer.Option("--open_html", "--open-html", help="Open the page in the browser.")
    ] = False,
) -> None:
    """Train variants of the network, and say what each is worth against the settings given."""
    asked = {
        "top_n": top_n,
        "trials": trials,
        "seeds": None if seeds is None else f"[{seeds}]",
        "judge_on": on,
        "markdown": "true" if md else None,
        "open": "true" if open_html else None,
    }
    options = [f"ablate.{key}={value}" for key, value in asked.items() if value is not None]
    wanted = [*(overrides or []), *options]
    execute(Call("ablate", wanted, multirun, paths={"ablate.grid": grid, "ablate.search": search}))


@diagnose.command()
@with_settings
def dashboard(
    overrides: Overrides = None,
    multirun: Multirun = False,
    html: Annotated[Path | None, typer.Option(help="Where the page goes.")] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write one self-contained HTML page with everything to look at."""
    extra = ["diag.html.open=true"] if open_page else []
    paths = {"diag.html.out": html}
    execute(Call("diagnose dashboard", [*(overrides or []), *extra], multirun, paths=paths))


app.command("dashboard", help="The same as diagnose dashboard.")(dashboard)


def _add_topic(topic: Topic) -> None:
    def look(overrides: Overrides = None, multirun: Multirun = False) -> None:
        execute(Call(f"diagnose {topic.name}", overrides, multirun, {"topic": topic.name}))

    diagnose.command(topic.name, help=topic.says)(with_settings(look))


for _topic in TOPICS:
    _add_topic(_topic)


@app.command()
@with_settings
def explain(
    planet: Annotated[str, typer.Argument(metavar="PLANET", help="A test planet's id.")],
    overrides: Overrides = None,
    multirun: Multirun = False,
) -> None:
    """Tell what is known of one planet, in a local Ollama's words if one answers at explain.url.

    (`diagnose explain` computes what made every planet's depths; this command reads it.)
    """
    execute(Call("explain", overrides, multirun, {"planet": planet}))


@app.command()
@with_settings
def retrieve(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PLANET]... [OVERRIDES]...", help="Planets' ids, and overrides."),
    ] = None,
    multirun: Multirun = False,
    every: Annotated[bool, typer.Option("--all", help="Every planet of the test folder.")] = False,
    workers: Workers = None,
) -> None:
    """Find the posterior over planets' atmospheres from their measured spectra."""
    planets = [word for word in overrides or [] if "=" not in word]
    rest = [word for word in overrides or [] if "=" in word]
    flags = {"planets": planets, "every": every}
    execute(Call("retrieve", _with_workers(rest, workers), multirun, flags))


@app.command("analyze-log")
@with_settings
def analyze_log(
    overrides: Overrides = None,
    md: Annotated[Path | None, typer.Option(help="Where the page of Markdown goes.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Where the table of runs goes.")] = None,
) -> None:
    """Say of all runs in a work folder what they took, what failed, and which settings changed."""
    paths = {"paths.log_report": md, "paths.log_table": csv}
    execute(Call("analyze-log", overrides, paths=paths))


@app.command("check-pipeline")
@with_settings
def check_pipeline(
    overrides: Overrides = None,
    folder: Annotated[Path, typer.Option(help="Where dvc.yaml and params.yaml are.")] = Path(),
) -> None:
    """Do dvc.yaml, params.yaml, the commands and the settings agree?"""
    execute(Call("check-pipeline", overrides, flags={"folder": str(folder)}))


@app.command()
@with_settings
def selftest(
    overrides: Overrides = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also run the network and a small transit end to end.")
    ] = False,
) -> None:
    """Check the installation: packages, configs, schemas, commands."""
    execute(Call("selftest", overrides, flags={"deep": deep}))


def main() -> NoReturn:
    """Console entry: run, and turn every error into one line and its exit code."""
    calm_threads()
    sys.exit(_run())


def _run() -> int:
    make_streams_robust()
    try:
        stop_on_signals()
        code = app(standalone_mode=False) or ExitCode.SUCCESS
    except KeyboardInterrupt:  # before Typer was there
        code = INTERRUPTED
    except TogetherError as error:  # every process meets it, the first one says it
        if processes().first:
            return _complain(str(error), error.exit_code)
        leave_it_to_the_first()
        return error.exit_code
    except Exception as error:
        return _complain(*complaint(error))
    if code in _STOPPED and processes().first:
        return _complain("interrupted: the same command goes on where this one stopped", code)
    return int(code)


def _complain(message: str, code: int) -> int:
    here = processes()
    who = "spectramind" if here.first else f"spectramind, process {here.rank} of {here.count}"
    print(f"{who}: {one_line(message)}", file=sys.stderr)
    return int(code)

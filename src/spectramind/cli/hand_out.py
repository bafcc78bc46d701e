"""Commands whose result leaves the house: exports, submissions, the bundle for Kaggle."""

from pathlib import Path
from typing import Annotated

import typer

from spectramind.cli.arguments import Multirun, Overrides
from spectramind.cli.default_command import WithDefault
from spectramind.cli.execute import Call, execute
from spectramind.cli.settings_options import with_settings

submit = typer.Typer(help="Check and pack a submission.", no_args_is_help=True)
export = typer.Typer(
    cls=WithDefault,
    help="Write what others use: spectra, or the network. "
    "`export [OVERRIDES]` alone is `export network`.",
)


@export.command(WithDefault.otherwise)
@with_settings
def export_network(overrides: Overrides = None, multirun: Multirun = False) -> None:
    """Write the checkpoint's network for use without this package: torch.export, TorchScript."""
    execute(Call("export network", overrides, multirun))


@export.command("spectra")
@with_settings
def export_spectra(
    overrides: Overrides = None,
    multirun: Multirun = False,
    form: Annotated[str | None, typer.Option("--format", help="ecsv, csv, hdf5 or fits.")] = None,
    per_planet: Annotated[bool, typer.Option("--per-planet", help="A file a planet.")] = False,
) -> None:
    """Write the predicted spectra with units, intervals, covariance and provenance."""
    asked = [] if form is None else [f"export.format={form}"]
    asked += ["export.per_planet=true"] if per_planet else []
    execute(Call("export spectra", [*(overrides or []), *asked], multirun))


@submit.command()
@with_settings
def bundle(
    overrides: Overrides = None,
    multirun: Multirun = False,
    submission: Annotated[Path | None, typer.Option(help="The CSV to pack.")] = None,
    out_zip: Annotated[Path | None, typer.Option(help="Where the zip goes.")] = None,
) -> None:
    """Validate the submission and zip it with its provenance."""
    paths = {"paths.submission": submission, "paths.bundle": out_zip}
    execute(Call("submit bundle", overrides, multirun, paths=paths))


@submit.command()
@with_settings
def validate(
    overrides: Overrides = None,
    multirun: Multirun = False,
    submission: Annotated[
        Path | None, typer.Option(help="The CSV, or the zip that holds it.")
    ] = None,
) -> None:
    """Check a submission, in either dialect, or the zip it was packed in."""
    execute(Call("submit validate", overrides, multirun, paths={"paths.submission": submission}))


@with_settings
def kaggle_bundle(
    overrides: Overrides = None,
    out: Annotated[Path | None, typer.Option(help="Where it goes: a folder, or a .zip.")] = None,
    image: Annotated[
        Path | None, typer.Option(help="What the notebook's image has: its `pip freeze`.")
    ] = None,
    run_only: Annotated[
        bool, typer.Option("--run-only", help="The run's files alone, no wheels.")
    ] = False,
) -> None:
    """Pack wheels, notebooks and the trained run for a Kaggle notebook without network."""
    flags = {"image": image, "run_only": run_only}
    execute(Call("kaggle-bundle", overrides, flags=flags, paths={"paths.kaggle": out}))

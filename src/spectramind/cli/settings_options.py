"""``--config FILE`` and ``--fast-kaggle``: options of every command that takes overrides."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

FAST_KAGGLE = "overrides/kaggle_fast.yaml"

_Files = Annotated[
    list[str] | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="YAML file of settings, read before the overrides; also one of configs/.",
    ),
]
_Fast = Annotated[bool, typer.Option("--fast-kaggle", help=f"The same as --config {FAST_KAGGLE}.")]


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """A command with both options; what they say comes before its overrides."""

    @functools.wraps(command)
    def run(
        *, config: list[str] | None = None, fast_kaggle: bool = False, **arguments: Any
    ) -> None:
        files = [*([FAST_KAGGLE] if fast_kaggle else []), *(config or [])]
        if files:
            from spectramind.config.settings_file import overrides_of_file

            said = [override for file in files for override in overrides_of_file(file)]
            arguments["overrides"] = [*said, *(arguments["overrides"] or [])]
        command(**arguments)

    keyword = inspect.Parameter.KEYWORD_ONLY
    own = [
        p.replace(kind=keyword)
        for p in inspect.signature(command, eval_str=True).parameters.values()
    ]
    added = [
        inspect.Parameter("config", keyword, default=None, annotation=_Files),
        inspect.Parameter("fast_kaggle", keyword, default=False, annotation=_Fast),
    ]
    run.__signature__ = inspect.Signature([*own, *added])  # type: ignore[attr-defined]
    return run

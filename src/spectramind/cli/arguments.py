"""Arguments that most commands take."""

from typing import Annotated

import typer

Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[OVERRIDES]...",
        help="Hydra overrides, such as train.lr=1e-4; spectramind --help has their other names.",
    ),
]
Multirun = Annotated[
    bool, typer.Option("--multirun", "-m", help="Sweep: every combination of a,b,c values.")
]

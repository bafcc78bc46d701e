"""A group of commands that has a command of its own when none of them is named."""

from typing import Any, ClassVar

from typer.core import TyperGroup


class WithDefault(TyperGroup):
    """``otherwise`` runs where the first word is no command of the group: `export paths.work=…`."""

    otherwise: ClassVar[str] = "network"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default's name first where no other stands there."""
        named = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named else [self.otherwise, *args])

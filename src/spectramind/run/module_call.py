"""``python -m`` of a room, for those who look there for its command."""

import argparse
import runpy
import sys
from collections.abc import Mapping

from spectramind.config.overrides import quoted


def run_as_command(command: str, places: Mapping[str, str]) -> None:
    """Become ``spectramind COMMAND``, with the same arguments and exit code.

    Args:
        places: options that name a place -> the settings that say the same.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for option, key in places.items():
        parser.add_argument(option, dest=key)
    places_given, others = parser.parse_known_args()
    named = [quoted(key, place) for key, place in vars(places_given).items() if place is not None]
    sys.argv = ["spectramind", command, *named, *others]
    # By name: this room does not import the command line above it. Workers never re-run it.
    runpy.run_module("spectramind", run_name="__main__", alter_sys=True)

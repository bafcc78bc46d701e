"""The page that says how to cite, from CITATION.cff."""

from pathlib import Path
from typing import Any

import yaml


def page(path: Path) -> str:
    """Markdown of the page: the citation in words and as BibTeX."""
    cff = yaml.safe_load(path.read_text("utf-8"))
    authors = [_name(author) for author in cff["authors"]]
    year = str(cff["date-released"])[:4]
    words = f"{', '.join(authors)} ({year}). *{cff['title']}* (version {cff['version']})."
    bibtex = [
        "@software{spectramind,",
        f"  title   = {{{{{cff['title']}}}}},",
        f"  author  = {{{' and '.join('{' + author + '}' for author in authors)}}},",
        f"  version = {{{cff['version']}}},",
        f"  year    = {{{year}}},",
        "}",
    ]
    return "\n".join(
        [
            "# How to cite",
            "",
            words,
            "",
            "```bibtex",
            *bibtex,
            "```",
            "",
            "Say which commit and which configuration made your numbers: both hashes stand in "
            "`run_hash_summary_v50.json` and in the bundle's manifest. The competition's data has "
            "a licence and a citation of its own (CC BY-NC 4.0).",
            "",
            "The same is in `CITATION.cff` for programs that read it.",
            "",
        ]
    )


def _name(author: dict[str, Any]) -> str:
    return author.get("name") or f"{author['given-names']} {author['family-names']}"

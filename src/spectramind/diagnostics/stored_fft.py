"""What topic fft left, for its panels."""

from spectramind.diagnostics.panel import Values

DETECTORS = (("fgs1", "FGS1"), ("airs", "AIRS-CH0"))


def left_out(values: Values) -> str:
    """How many planets are not in it, for a note."""
    skipped = values["skipped"]
    if not skipped:
        return ""
    first, why = next(iter(skipped.items()))
    return f" Left out, for no fit of theirs is trusted: {len(skipped)} planets ({first}: {why})."

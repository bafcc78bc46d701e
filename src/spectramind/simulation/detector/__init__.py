"""The detector's effects, one file each: units, place in the chain, equation, source."""

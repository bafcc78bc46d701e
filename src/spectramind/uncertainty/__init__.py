"""Making sigma honest: temperature, graph smoothing, conformal intervals (COREL)."""

"""Official score, coverage and reference estimators."""

"""How any phase is trained: steps, schedule, precision, early stop, exact resume."""

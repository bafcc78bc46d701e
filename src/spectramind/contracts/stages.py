"""The commands that lead from a tree of telemetry to a submission, in their order."""

# What each of these leaves, a later one reads.
STAGES = (
    "simulate",
    "calibrate",
    "features",
    "train",
    "calibrate-temp",
    "calibrate-corel",
    "predict",
    "score",
    "audit",
    "diagnose dashboard",
    "submit bundle",
)
# With the look at whether the run reached its bounds.
CHAIN = (*STAGES, "gate")

"""Every command of the command line, and the function that does it (imported when called)."""

COMMANDS = {
    "simulate": "spectramind.pipeline.prepare:simulate",
    "simulate-report": "spectramind.pipeline.simulation_report:simulate_report",
    "calibrate": "spectramind.pipeline.prepare:calibrate",
    "features": "spectramind.pipeline.prepare:features",
    "train": "spectramind.pipeline.train:train",
    "calibrate-temp": "spectramind.pipeline.calibrators:calibrate_temp",
    "calibrate-corel": "spectramind.pipeline.calibrators:calibrate_corel",
    "predict": "spectramind.pipeline.predict:predict",
    "score": "spectramind.pipeline.score:score",
    "diagnose dashboard": "spectramind.pipeline.dashboard:dashboard",
    "submit bundle": "spectramind.pipeline.submit:bundle",
    "submit validate": "spectramind.pipeline.submit:validate",
    "selftest": "spectramind.pipeline.selftest:selftest",
}

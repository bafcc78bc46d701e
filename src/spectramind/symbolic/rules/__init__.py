"""One file a rule. A file here that defines a ``Rule`` is in the pack: see ``symbolic/rule.py``."""

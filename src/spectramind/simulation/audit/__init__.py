"""The simulator beside real files and published ranges."""

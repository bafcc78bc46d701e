"""The run record, and what every long command needs: atomic writes, progress, a pool."""

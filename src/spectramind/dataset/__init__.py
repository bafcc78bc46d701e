"""Reader and writer of the competition's layout, star table, splits."""

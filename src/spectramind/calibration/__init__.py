"""The detector kill chain: raw frames to calibrated cubes with variance and mask."""

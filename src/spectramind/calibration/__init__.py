"""The detector kill chain: raw frames to light curves with variance."""

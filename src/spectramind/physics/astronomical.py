"""Sizes of the Sun and of Jupiter, as the star table counts in them."""

SUN_RADIUS_M = 6.957e8
JUPITER_RADIUS_M = 7.1492e7
JUPITER_GRAVITY_M_S2 = 24.79

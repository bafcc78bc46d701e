"""What no reference frame of a working detector exceeds; within it single precision suffices."""

LARGEST = 1e7  # dark [e/s], read noise [e], flat; linearised electrons of a full well
FULL_WELL_E = 1e5  # charge at which a linearity polynomial is judged
SMALLEST_FLAT = 0.01  # a pixel with less response than that of its neighbours sees nothing
STEEPEST = 4.0  # slope of a linearity polynomial, and one over the least: the mean is 1

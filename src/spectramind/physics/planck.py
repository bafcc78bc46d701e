"""The one constant of Planck's law that stars, spots and limb darkening share."""

# Second radiation constant h c / k [um K] (CODATA 2018, seven digits).
RADIATION_UM_K = 14387.77

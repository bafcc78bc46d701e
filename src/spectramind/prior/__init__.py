"""What is known of spectra, measurements' errors and spots before a planet is seen."""

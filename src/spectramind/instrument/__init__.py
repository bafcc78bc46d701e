"""Facts of the instrument: the 283-bin grid, molecule windows, bin graph, detector geometry."""

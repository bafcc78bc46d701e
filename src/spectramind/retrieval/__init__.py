"""From a spectrum to the posterior of its planet's atmosphere."""

"""Where the course of a training is kept: one file a service, all by one contract."""

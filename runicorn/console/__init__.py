"""Console: what a script prints becomes lines of the run's log, as a terminal would show them."""

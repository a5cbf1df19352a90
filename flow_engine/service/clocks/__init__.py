"""The clocks of runs: kept with each step, told of changes of the record, woken at thresholds, read for people."""

"""Many jobs from one command line: checked together, run apart, summed up."""

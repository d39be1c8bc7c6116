"""Many jobs from one command line: checked together, run separately, summed up."""

"""Many jobs from one command line: checked together, run in processes of their own, summed up."""

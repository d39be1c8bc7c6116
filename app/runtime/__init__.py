"""What a process needs whatever it computes: errors, files, logs, locks, signals, processes, the machine's limits.

Nothing here knows of JWST, of an exposure, or of a configuration.
"""

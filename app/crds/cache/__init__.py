"""How a cache of reference files is laid out, filled from the server, or made up for tests and demos."""

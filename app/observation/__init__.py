"""What the headers say: bands, exposures, groups of exposures, whether a file can be used, and names made of them.

Nothing here reads pixels or knows the configuration.
"""

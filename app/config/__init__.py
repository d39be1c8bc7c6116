"""What a user can set: the schema, what is allowed, values chosen by selectors, and how Hydra composes them.

Nothing here looks at an exposure.
"""

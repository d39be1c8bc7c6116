"""Imported by nobody, unless something was made of a configuration that names it."""

"""The command's actions, the plan as text, and the self-test of an installation.

What the Python API needs too stands elsewhere.
"""

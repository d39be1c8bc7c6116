"""The command's actions, and the plan as text.

What the Python API needs too stands elsewhere.
"""

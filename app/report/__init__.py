"""The report of a run: one HTML file that needs nothing else.

Nothing is imported here: pictures are drawn on login nodes too, where what measures a mosaic is not installed.
"""

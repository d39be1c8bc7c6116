"""What is made after the mosaic, for every exposure: drizzled onto its grid, and the mosaic blotted back.

One exposure in, one file out. Nothing is passed on from the pipeline but the files that it has published, so that a
finished run can have these products at any later time.
"""

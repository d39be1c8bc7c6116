"""`calwebb_image3` with groups for each step and its work divided over processes: here alone jwst's steps run.

It makes products in a folder that it is given; it does not know the output folder.
"""

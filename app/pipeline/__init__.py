"""`calwebb_image3` with groups for each step and its work divided over processes: jwst's steps run only here.

It makes products in a folder that it is given; it does not know the output folder.
"""

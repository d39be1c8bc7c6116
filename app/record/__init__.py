"""What a run says about itself: the record and its schema, caveats, provenance.

It only writes down what happened: it does not measure, and it does not decide what a run does.
"""

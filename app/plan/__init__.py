"""What a run is going to do, from configuration and headers: roles, association, parameters, grid, cost, and checks.

Nothing here runs a step of jwst.
"""

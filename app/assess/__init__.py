"""How well a run did, from its products: measurements of the data, and what they say in words.

Nothing here changes a product.
"""

"""Short training on real images: what is read, in which steps a network is trained, and what is kept of it.

`readers` and `recipe` know no torch; `training` is where a network meets images.
"""

"""The generators, one function per task: each takes a random.Random and returns an Example."""

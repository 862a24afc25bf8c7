"""What the libraries promise nobody, and Plumbline uses all the same: a module a library, and nothing of it elsewhere.

docs/decisions.md lists each with its reason and the test that fails when an upgrade takes it away; a test reads the sources for
others. What a function needs is imported inside it, so that a module can name one without loading its library.
"""

"""Who goes: the dispatch policies that ship with the package."""

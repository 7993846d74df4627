"""What each coding agent loads: the data files, and the resolver that interprets them."""

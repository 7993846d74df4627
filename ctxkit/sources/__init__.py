"""Collectors: from a directory to segments, files and servers."""

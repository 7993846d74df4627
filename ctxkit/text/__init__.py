"""From text to spans and values; no policy."""

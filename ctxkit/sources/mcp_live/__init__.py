"""Starting the MCP servers that configuration files name, and asking them for their tools; only when told to."""

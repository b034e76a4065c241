"""The control plane: pages and an API over one project, in a process of its own."""

"""上报人保护: what is kept of a reporter, who opened their issue, and the two people it takes to see who hid."""

"""办事规则: what may be reported, how fast it is handled and by whom first; versions of each place's book."""

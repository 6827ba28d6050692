"""Pages for residents: report at the stairwell code, follow with the claim code. No account or script; a cookie only in WeChat."""

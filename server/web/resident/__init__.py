"""Pages for residents: report at the stairwell code, follow with the claim code. No account, cookie or script."""

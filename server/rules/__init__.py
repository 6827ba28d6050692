"""The law: pure functions over frozen facts. Standard library and `models.enums` only; time is always an argument."""

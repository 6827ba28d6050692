"""The search index of issues: which pairs of signs an issue's texts hold (`server.rules.grams`). Derived; it can be made anew.

Each database has its own kind of table for this (migration 0008), so it is not part of the metadata: a full-text table
without a copy of the text on SQLite, rows with a GIN index on PostgreSQL. Row = issue; `grams` = its pairs of signs and,
as a negative number, its community.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

NAME = "issue_search"

ON_SQLITE = sa.table(NAME, sa.column("rowid", sa.BigInteger), sa.column("grams", sa.Text), sa.column(NAME, sa.Text))
ON_POSTGRESQL = sa.table(
    NAME, sa.column("issue_id", sa.BigInteger), sa.column("grams", postgresql.ARRAY(sa.BigInteger))
)

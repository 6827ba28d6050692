"""search: the pairs of signs each issue holds, and what figures read

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Both hold only what can be made anew from `issues` (`flask issues index`), and say so: models/search.py.
ON_SQLITE = "CREATE VIRTUAL TABLE issue_search USING fts5(grams, content='', detail=none, tokenize='ascii')"
ON_POSTGRESQL = (
    "CREATE TABLE issue_search (issue_id BIGINT CONSTRAINT pk_issue_search PRIMARY KEY "
    "CONSTRAINT fk_issue_search_issue_id REFERENCES issues (id) ON DELETE CASCADE, grams BIGINT[] NOT NULL)",
    "CREATE INDEX ix_issue_search_grams ON issue_search USING gin (grams)",
)
DUE = sa.text("due_at IS NOT NULL")
SIGN_IN = sa.text("sign_in_due_at IS NOT NULL")


def upgrade() -> None:
    for statement in ON_POSTGRESQL if op.get_bind().dialect.name == "postgresql" else (ON_SQLITE,):
        op.execute(statement)
    op.create_index("ix_issues_reported", "issues", ["community_id", "reported_at"])
    op.create_index("ix_turns_due", "turns", ["community_id", "due_at"], sqlite_where=DUE, postgresql_where=DUE)
    op.create_index("ix_turns_sign_in", "turns", ["community_id", "sign_in_due_at"], sqlite_where=SIGN_IN, postgresql_where=SIGN_IN)
    op.create_index("ix_whistles_due", "whistles", ["community_id", "due_at"])


def downgrade() -> None:
    op.drop_index("ix_whistles_due", table_name="whistles")
    op.drop_index("ix_turns_sign_in", table_name="turns")
    op.drop_index("ix_turns_due", table_name="turns")
    op.drop_index("ix_issues_reported", table_name="issues")
    op.execute("DROP TABLE issue_search")

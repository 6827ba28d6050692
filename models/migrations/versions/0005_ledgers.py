"""ledgers: a number belongs to its community's ledger, not to every ledger of that name

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NAME = "uq_issues_ledger"
NUMBERED = sa.text("number IS NOT NULL")


def upgrade() -> None:
    _index(["community_id", "source", "number"])


def downgrade() -> None:
    _index(["source", "number"])


def _index(columns: list[str]) -> None:
    op.drop_index(NAME, table_name="issues")
    op.create_index(NAME, "issues", columns, unique=True, sqlite_where=NUMBERED, postgresql_where=NUMBERED)

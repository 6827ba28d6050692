"""corrections: a sealed month is corrected by a next version, for a reason, one at a time

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('draft', 'notice')")
FIXED = "('sealed', 'published')"
# Of a sealed month nothing changes but its way to being published (as in 0002, and its reason from here on).
FROZEN = (
    "id", "public_id", "community_id", "month", "version", "rule_set_id", "drafted_at", "notice_opened_at",
    "notice_opened_by_id", "notice_ends_at", "sealed_at", "sealed_by_id", "manifest_hash",
)  # fmt: skip
ADDED = ("correction_reason", "corrected_at", "corrected_by_id")
WITH_REASON = "(version = 1) = (correction_reason = '') AND (version = 1) = (corrected_at IS NULL)"
# What a next version stands on is sealed, and from then on not even published any more.
UNFOUNDED = (
    "NOT EXISTS (SELECT 1 FROM community_months m WHERE m.community_id = NEW.community_id AND m.month = NEW.month "
    f"AND m.version = NEW.version - 1 AND m.state IN {FIXED})"
)
CORRECTED = (
    "EXISTS (SELECT 1 FROM community_months m WHERE m.community_id = OLD.community_id AND m.month = OLD.month "
    "AND m.version > OLD.version)"
)


def _unsealing(differs: str, columns: tuple[str, ...]) -> str:
    """The condition under which an UPDATE of a sealed month is refused; `differs` also tells NULL from a value."""
    changed = " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in columns)
    return f"OLD.state = 'published' OR NEW.state NOT IN {FIXED} OR {changed}"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.add_column('community_months', sa.Column('correction_reason', sa.String(length=200), server_default='', nullable=False, comment='why this version replaces the one before; shown to heads'))
        op.add_column('community_months', sa.Column('corrected_at', sa.DateTime(timezone=True), nullable=True, comment='when the correction was begun'))
        op.add_column('community_months', sa.Column('corrected_by_id', sa.BigInteger(), nullable=True, comment='none: at the terminal'))
        op.create_foreign_key(op.f('fk_community_months_corrected_by_id'), 'community_months', 'persons', ['corrected_by_id'], ['id'])
        op.create_check_constraint(op.f('ck_community_months_corrected_with_reason'), 'community_months', WITH_REASON)
        _postgresql(f"{_unsealing('IS DISTINCT FROM', FROZEN + ADDED)} OR {CORRECTED}")
        op.execute(
            "CREATE FUNCTION refuse_unfounded() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {UNFOUNDED} THEN "
            "RAISE EXCEPTION 'only a sealed month is corrected' USING ERRCODE = 'restrict_violation'; END IF; "
            "RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER founded BEFORE INSERT ON community_months FOR EACH ROW "
            "WHEN (NEW.version > 1) EXECUTE FUNCTION refuse_unfounded()"
        )
    else:
        # Column by column: to rebuild the table would drop the triggers that name it.
        op.execute("ALTER TABLE community_months ADD COLUMN corrected_at DATETIME")
        op.execute(
            "ALTER TABLE community_months ADD COLUMN corrected_by_id INTEGER "
            "CONSTRAINT fk_community_months_corrected_by_id REFERENCES persons (id)"
        )
        op.execute(
            "ALTER TABLE community_months ADD COLUMN correction_reason VARCHAR(200) NOT NULL DEFAULT '' "
            f"CONSTRAINT ck_community_months_corrected_with_reason CHECK ({WITH_REASON})"
        )
        _sqlite(f"{_unsealing('IS NOT', FROZEN + ADDED)} OR {CORRECTED}")
        op.execute(
            f"CREATE TRIGGER community_months_founded BEFORE INSERT ON community_months WHEN NEW.version > 1 AND {UNFOUNDED} "
            "BEGIN SELECT RAISE(ABORT, 'only a sealed month is corrected'); END"
        )
    op.create_index('uq_community_months_open', 'community_months', ['community_id', 'month'], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)


def downgrade() -> None:
    op.drop_index('uq_community_months_open', table_name='community_months')
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER founded ON community_months")
        op.execute("DROP FUNCTION refuse_unfounded()")
        _postgresql(_unsealing("IS DISTINCT FROM", FROZEN))
        op.drop_constraint(op.f('ck_community_months_corrected_with_reason'), 'community_months', type_='check')
    else:
        op.execute("DROP TRIGGER community_months_founded")
        _sqlite(_unsealing("IS NOT", FROZEN))
    for column in ADDED:
        op.execute(f"ALTER TABLE community_months DROP COLUMN {column}")


def _postgresql(refused: str) -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION refuse_unsealing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'a sealed month never changes' USING ERRCODE = 'restrict_violation'; "
        f"ELSIF {refused} THEN "
        "RAISE EXCEPTION 'a sealed month never changes' USING ERRCODE = 'restrict_violation'; END IF; RETURN NEW; END $$"
    )


def _sqlite(refused: str) -> None:
    op.execute("DROP TRIGGER community_months_sealed_update")
    op.execute(
        "CREATE TRIGGER community_months_sealed_update BEFORE UPDATE ON community_months "
        f"WHEN OLD.state IN {FIXED} AND ({refused}) "
        "BEGIN SELECT RAISE(ABORT, 'a sealed month never changes'); END"
    )

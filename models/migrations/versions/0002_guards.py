"""guards: history that cannot be rewritten, sealed months that cannot change

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# table → operations the database itself refuses
APPEND_ONLY = {"issue_events": ("UPDATE", "DELETE"), "audit_events": ("UPDATE", "DELETE"), "rule_sets": ("UPDATE", "DELETE")}
# Rows of a sealed or published month (lines and standings), through community_month_id
MONTH_ROWS = ("score_lines", "standings")
FIXED = "('sealed', 'published')"
# Of a sealed month nothing changes but its way to being published; of a published one nothing at all.
FROZEN = (
    "id", "public_id", "community_id", "month", "version", "rule_set_id", "drafted_at", "notice_opened_at",
    "notice_opened_by_id", "notice_ends_at", "sealed_at", "sealed_by_id", "manifest_hash",
)  # fmt: skip


def _unsealing(differs: str) -> str:
    """The condition under which an UPDATE of a sealed month is refused; `differs` also tells NULL from a value."""
    changed = " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in FROZEN)
    return f"OLD.state = 'published' OR NEW.state NOT IN {FIXED} OR {changed}"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _postgresql()
    else:
        _sqlite()


def _postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table, operations in APPEND_ONLY.items():
        op.execute(
            f"CREATE TRIGGER append_only BEFORE {' OR '.join(operations)} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()"
        )
    for table in (*APPEND_ONLY, *MONTH_ROWS):
        op.execute(
            f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
        )
    op.execute(
        "CREATE FUNCTION refuse_sealed() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "DECLARE moved_to bigint; BEGIN "
        "IF TG_OP = 'UPDATE' THEN moved_to := NEW.community_month_id; END IF; "
        "IF EXISTS (SELECT 1 FROM community_months WHERE id IN (OLD.community_month_id, moved_to) "
        f"AND state IN {FIXED}) THEN "
        "RAISE EXCEPTION 'a sealed month never changes' USING ERRCODE = 'restrict_violation'; END IF; "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    for table in MONTH_ROWS:
        # Lines arrive by the ten thousand while a month is a draft, so only changes to rows are looked at one by one;
        # adding rows to a sealed month is refused once a statement.
        op.execute(
            f"CREATE TRIGGER sealed BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_sealed()"
        )
        op.execute(
            f"CREATE FUNCTION refuse_sealed_insert_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF EXISTS (SELECT 1 FROM community_months m WHERE m.id IN (SELECT DISTINCT community_month_id FROM fresh) "
            f"AND m.state IN {FIXED}) THEN "
            "RAISE EXCEPTION 'a sealed month never changes' USING ERRCODE = 'restrict_violation'; END IF; "
            "RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER sealed_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh "
            f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_sealed_insert_{table}()"
        )
    op.execute(
        "CREATE FUNCTION refuse_unsealing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'a sealed month never changes' USING ERRCODE = 'restrict_violation'; "
        f"ELSIF {_unsealing('IS DISTINCT FROM')} THEN "
        "RAISE EXCEPTION 'a sealed month never changes' USING ERRCODE = 'restrict_violation'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER sealed BEFORE UPDATE OR DELETE ON community_months FOR EACH ROW "
        f"WHEN (OLD.state IN {FIXED}) EXECUTE FUNCTION refuse_unsealing()"
    )


def _sqlite() -> None:
    for table, operations in APPEND_ONLY.items():
        for operation in operations:
            op.execute(
                f"CREATE TRIGGER {table}_no_{operation.lower()} BEFORE {operation} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    for table in MONTH_ROWS:
        for operation, months in (("INSERT", "NEW"), ("UPDATE", "OLD NEW"), ("DELETE", "OLD")):
            found = ", ".join(f"{row}.community_month_id" for row in months.split())
            op.execute(
                f"CREATE TRIGGER {table}_sealed_{operation.lower()} BEFORE {operation} ON {table} "
                f"WHEN EXISTS (SELECT 1 FROM community_months WHERE id IN ({found}) AND state IN {FIXED}) "
                "BEGIN SELECT RAISE(ABORT, 'a sealed month never changes'); END"
            )
    op.execute(
        "CREATE TRIGGER community_months_sealed_update BEFORE UPDATE ON community_months "
        f"WHEN OLD.state IN {FIXED} AND ({_unsealing('IS NOT')}) "
        "BEGIN SELECT RAISE(ABORT, 'a sealed month never changes'); END"
    )
    op.execute(
        "CREATE TRIGGER community_months_sealed_delete BEFORE DELETE ON community_months "
        f"WHEN OLD.state IN {FIXED} BEGIN SELECT RAISE(ABORT, 'a sealed month never changes'); END"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in APPEND_ONLY:
            op.execute(f"DROP TRIGGER append_only ON {table}")
        for table in (*APPEND_ONLY, *MONTH_ROWS):
            op.execute(f"DROP TRIGGER no_truncate ON {table}")
        for table in MONTH_ROWS:
            op.execute(f"DROP TRIGGER sealed ON {table}")
            op.execute(f"DROP TRIGGER sealed_insert ON {table}")
            op.execute(f"DROP FUNCTION refuse_sealed_insert_{table}()")
        op.execute("DROP TRIGGER sealed ON community_months")
        for function in ("refuse_rewriting", "refuse_sealed", "refuse_unsealing"):
            op.execute(f"DROP FUNCTION {function}()")
        return
    names = op.get_bind().execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
    for name in names:
        op.execute(f"DROP TRIGGER {name}")

"""depth: rule books, turns and whistles with clocks, the reporter's shield, common problems, other systems' keys

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# A vocabulary that grows: table → constraint, column, words before, words added.
WORDS = {
    "messages": (
        "messagekind", "kind",
        ("new_issue", "passed_up", "overdue_soon", "resolved", "score", "appeal", "notice"),
        ("progress", "urged", "revealed"),
    ),
    "issues": ("channel", "channel", ("scan", "miniprogram", "head", "phone", "paper", "ledger"), ("open311",)),
    "issue_events": (
        "move", "move",
        ("report", "accept", "start", "note", "resolve", "confirm", "rate", "reopen", "decline", "join", "withdraw",
         "pass_up", "close_silent", "import"),
        ("sign_in", "contact", "triage", "follow_up", "assign", "suspend", "resume", "ask_extension", "grant_extension",
         "refuse_extension", "whistle", "report_back", "push_back", "urge", "rate_department", "call_off", "split"),
    ),
}  # fmt: skip
APPEND_ONLY = ("turns", "triage_decisions", "rule_books")
SHIELD = {
    "shielded_is_sealed": "anonymity = 'open' OR (reporter_id IS NULL AND contact_sealed IS NULL)",
    "sealed_is_hidden": "anonymity = 'hidden' OR (reporter_index IS NULL AND reporter_sealed IS NULL)",
}
TRIAGE = "('big', 'small', 'private')"
# table → column → type on PostgreSQL, type on SQLite, what follows the type
COLUMNS = {
    "appointments": {
        "department_id": ("BIGINT", "INTEGER", "CONSTRAINT fk_appointments_department_id REFERENCES departments (id) "
                          "CONSTRAINT ck_appointments_department_of_department CHECK (department_id IS NULL OR role = 'department')"),
    },
    "issues": {
        "topic": ("VARCHAR(40)", "VARCHAR(40)", "NOT NULL DEFAULT ''"),
        "topic_name": ("VARCHAR(40)", "VARCHAR(40)", "NOT NULL DEFAULT ''"),
        "answers": ("JSON", "JSON", ""),
        "urgent": ("BOOLEAN", "BOOLEAN", "NOT NULL DEFAULT false"),
        "rule_book_id": ("BIGINT", "INTEGER", "CONSTRAINT fk_issues_rule_book_id REFERENCES rule_books (id)"),
        "anonymity": ("VARCHAR(24)", "VARCHAR(24)", "NOT NULL DEFAULT 'open' CONSTRAINT ck_issues_anonymity CHECK (anonymity IN ('open', 'hidden', 'none')) "
                      f"CONSTRAINT ck_issues_shielded_is_sealed CHECK ({SHIELD['shielded_is_sealed']})"),
        "reporter_index": ("BYTEA", "BLOB", ""),
        "reporter_sealed": ("BYTEA", "BLOB", f"CONSTRAINT ck_issues_sealed_is_hidden CHECK ({SHIELD['sealed_is_hidden']})"),
        "held_since": ("TIMESTAMP WITH TIME ZONE", "DATETIME", ""),
        "sign_in_due_at": ("TIMESTAMP WITH TIME ZONE", "DATETIME", ""),
        "signed_in_at": ("TIMESTAMP WITH TIME ZONE", "DATETIME", ""),
        "contact_due_at": ("TIMESTAMP WITH TIME ZONE", "DATETIME", ""),
        "contacted_at": ("TIMESTAMP WITH TIME ZONE", "DATETIME", ""),
        "clock_at": ("TIMESTAMP WITH TIME ZONE", "DATETIME", ""),
        "suspended_at": ("TIMESTAMP WITH TIME ZONE", "DATETIME", ""),
        "suspended_until": ("TIMESTAMP WITH TIME ZONE", "DATETIME", ""),
        "suspended_why": ("VARCHAR(200)", "VARCHAR(200)", "NOT NULL DEFAULT ''"),
        "follow_up_at": ("TIMESTAMP WITH TIME ZONE", "DATETIME", ""),
        "assignee_id": ("BIGINT", "INTEGER", "CONSTRAINT fk_issues_assignee_id REFERENCES persons (id)"),
        "suggested": ("VARCHAR(24)", "VARCHAR(24)", f"CONSTRAINT ck_issues_suggested CHECK (suggested IN {TRIAGE})"),
        "suggested_why": ("VARCHAR(200)", "VARCHAR(200)", "NOT NULL DEFAULT ''"),
        "triage": ("VARCHAR(24)", "VARCHAR(24)", f"CONSTRAINT ck_issues_triage CHECK (triage IN {TRIAGE})"),
        "done_by": ("VARCHAR(80)", "VARCHAR(80)", "NOT NULL DEFAULT ''"),
        "done_at": ("TIMESTAMP WITH TIME ZONE", "DATETIME", ""),
        "recurs_of_id": ("BIGINT", "INTEGER", "CONSTRAINT fk_issues_recurs_of_id REFERENCES issues (id)"),
        "suspensions": ("INTEGER", "INTEGER", "NOT NULL DEFAULT 0"),
        "extensions": ("INTEGER", "INTEGER", "NOT NULL DEFAULT 0"),
        "pushed_back": ("INTEGER", "INTEGER", "NOT NULL DEFAULT 0"),
        "urged": ("INTEGER", "INTEGER", "NOT NULL DEFAULT 0"),
        "urged_at": ("TIMESTAMP WITH TIME ZONE", "DATETIME", ""),
    },
    "return_visits": {"caller": ("VARCHAR(40)", "VARCHAR(40)", "NOT NULL DEFAULT ''")},
}  # fmt: skip
COMMENTS = {
    ("issues", "topic"): 'second level, a key of the rule book',
    ("issues", "topic_name"): 'as the book named it that day',
    ("issues", "answers"): '[[question, answer], …] as asked',
    ("issues", "rule_book_id"): 'none: the shipped book',
    ("issues", "reporter_index"): "keyed blind index of a hidden reporter: finds one's own reports, and nobody else's",
    ("issues", "reporter_sealed"): 'who a hidden reporter is, for the two people who may open it',
    ("issues", "held_since"): 'when it came to this level; none: when reported',
    ("issues", "clock_at"): 'when the clock next has something to do',
    ("issues", "suspended_until"): 'later than now: suspended; the dues are past it',
    ("issues", "follow_up_at"): 'when a private matter is asked after',
    ("issues", "assignee_id"): 'whom the office asked',
    ("issues", "triage"): 'decided by a person; none: not yet',
    ("issues", "done_by"): 'who did the work, in words',
    ("issues", "done_at"): 'when the work was done, as the handler says',
    ("issues", "recurs_of_id"): 'the same fault here, ended within 90 days before',
    ("issues", "extensions"): 'granted',
    ("issues", "pushed_back"): 'times a level or department sent it back',
    ("return_visits", "caller"): 'who of the office phoned; empty: the reporter answered in person',
    ("issues", "due_at"): 'report back or resolve by',
    ("issues", "reporter_id"): 'never of a hidden report',
}
INDEXES = (
    ("ix_appointments_department", "appointments", ["department_id"], "department_id IS NOT NULL"),
    ("ix_issues_clock", "issues", ["clock_at"], "clock_at IS NOT NULL"),
    ("ix_issues_hidden", "issues", ["reporter_index", "id"], "reporter_index IS NOT NULL"),
    ("ix_issues_recurs", "issues", ["recurs_of_id"], "recurs_of_id IS NOT NULL"),
)


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    _new_tables()
    for table, columns in COLUMNS.items():
        for name, (pg, sqlite, rest) in columns.items():
            # In place: to rebuild a table on SQLite would take its triggers with it, and what refers to it forbids it.
            op.execute(f"ALTER TABLE {table} ADD COLUMN {name} {pg if postgresql else sqlite} {rest}")
    if postgresql:
        for (table, name), comment in COMMENTS.items():
            op.execute(f"COMMENT ON COLUMN {table}.{name} IS '{comment.replace(chr(39), chr(39) * 2)}'")
    op.drop_index("ix_issues_due", table_name="issues")
    for name, table, indexed, where in INDEXES:
        op.create_index(name, table, indexed, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    if postgresql:
        op.create_index("ix_issue_events_at", "issue_events", ["at"], postgresql_using="brin")
    for table in APPEND_ONLY:
        _guard(table, postgresql)
    _speak({table: (*before, *added) for table, (_, _, before, added) in WORDS.items()}, postgresql)


def _guard(table: str, postgresql: bool) -> None:
    """Append-only, as in 0002."""
    if postgresql:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()"
        )
        op.execute(
            f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
        )
        return
    for operation in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{operation.lower()} BEFORE {operation} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _speak(words: dict[str, tuple[str, ...]], postgresql: bool) -> None:
    """Let each table's CHECK know these words and no others."""
    if postgresql:
        for table, known in words.items():
            name, column, _, _ = WORDS[table]
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, f"{column} IN ({_listed(known)})")
        return
    # The documented way to change a CHECK of a table that others refer to: sqlite.org/lang_altertable.html, 7.
    op.execute("PRAGMA writable_schema = ON")
    for table, known in words.items():
        name, column, before, added = WORDS[table]
        now = before if len(known) > len(before) else (*before, *added)
        for old in (f"{column} IN ({_listed(now)})", f'"{column}" IN ({_listed(now)})'):
            new = old.replace(_listed(now), _listed(known))
            op.get_bind().execute(
                sa.text("UPDATE sqlite_schema SET sql = replace(sql, :old, :new) WHERE type = 'table' AND name = :name"),
                {"old": old, "new": new, "name": table},
            )
        sql = op.get_bind().execute(sa.text("SELECT sql FROM sqlite_schema WHERE name = :name"), {"name": table}).scalar()
        if _listed(known) not in sql:
            raise RuntimeError(f"the words of {table}.{column} are not written as expected: {sql}")
    op.execute("PRAGMA writable_schema = RESET")


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _new_tables() -> None:
    op.create_table('api_keys',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, comment='internal; never leaves the server'),
    sa.Column('key_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('jurisdiction', sa.String(length=40), nullable=False, comment="jurisdiction_id in Open311's words"),
    sa.Column('place_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False, comment='which system, and who answers for it'),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_role', sa.Enum('head', 'grid', 'community', 'street', 'district', 'department', 'operator', name='role', native_enum=False, create_constraint=True, length=24), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('public_id', sa.String(length=16), nullable=False, comment='opaque, unordered id used in every URL and answer'),
    sa.ForeignKeyConstraint(['created_by_id'], ['persons.id'], name=op.f('fk_api_keys_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['place_id'], ['places.id'], name=op.f('fk_api_keys_place_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['revoked_by_id'], ['persons.id'], name=op.f('fk_api_keys_revoked_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_keys')),
    sa.UniqueConstraint('key_hash', name=op.f('uq_api_keys_key_hash')),
    sa.UniqueConstraint('public_id', name=op.f('uq_api_keys_public_id'))
    )
    with op.batch_alter_table('api_keys', schema=None) as batch_op:
        batch_op.create_index('ix_api_keys_place', ['place_id', 'id'], unique=False)

    op.create_table('common_problems',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, comment='internal; never leaves the server'),
    sa.Column('community_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('category', sa.Enum('leak', 'power', 'lift', 'sewer', 'lighting', 'cleaning', 'clutter', 'fire_safety', 'parking', 'noise', 'neighbour', 'security', 'greenery', 'pets', 'care', 'errand', 'other', name='issuecategory', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('topic', sa.String(length=40), server_default='', nullable=False),
    sa.Column('title', sa.String(length=80), nullable=False),
    sa.Column('note', sa.String(length=1000), server_default='', nullable=False, comment='what is planned, in words for all'),
    sa.Column('state', sa.Enum('watched', 'project', 'done', 'dropped', name='commonstate', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False, comment='opaque, unordered id used in every URL and answer'),
    sa.ForeignKeyConstraint(['community_id'], ['places.id'], name=op.f('fk_common_problems_community_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['persons.id'], name=op.f('fk_common_problems_created_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_common_problems')),
    sa.UniqueConstraint('public_id', name=op.f('uq_common_problems_public_id'))
    )
    with op.batch_alter_table('common_problems', schema=None) as batch_op:
        batch_op.create_index('ix_common_problems_community', ['community_id', 'id'], unique=False)

    op.create_table('departments',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, comment='internal; never leaves the server'),
    sa.Column('district_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('duty', sa.String(length=200), server_default='', nullable=False, comment='what it is called for, in words'),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False, comment='opaque, unordered id used in every URL and answer'),
    sa.ForeignKeyConstraint(['created_by_id'], ['persons.id'], name=op.f('fk_departments_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['district_id'], ['places.id'], name=op.f('fk_departments_district_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_departments')),
    sa.UniqueConstraint('district_id', 'name', name=op.f('uq_departments_district_id_name')),
    sa.UniqueConstraint('public_id', name=op.f('uq_departments_public_id'))
    )
    op.create_table('reply_templates',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, comment='internal; never leaves the server'),
    sa.Column('place_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('title', sa.String(length=40), nullable=False),
    sa.Column('text', sa.String(length=1000), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False, comment='opaque, unordered id used in every URL and answer'),
    sa.ForeignKeyConstraint(['created_by_id'], ['persons.id'], name=op.f('fk_reply_templates_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['place_id'], ['places.id'], name=op.f('fk_reply_templates_place_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reply_templates')),
    sa.UniqueConstraint('public_id', name=op.f('uq_reply_templates_public_id'))
    )
    with op.batch_alter_table('reply_templates', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reply_templates_place_id'), ['place_id'], unique=False)

    op.create_table('rule_books',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, comment='internal; never leaves the server'),
    sa.Column('place_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('content', sa.JSON(), nullable=False, comment='see server.rules.book'),
    sa.Column('note', sa.String(length=200), nullable=False, comment='what was changed and why'),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_role', sa.Enum('head', 'grid', 'community', 'street', 'district', 'department', 'operator', name='role', native_enum=False, create_constraint=True, length=24), nullable=True),
    sa.Column('public_id', sa.String(length=16), nullable=False, comment='opaque, unordered id used in every URL and answer'),
    sa.ForeignKeyConstraint(['created_by_id'], ['persons.id'], name=op.f('fk_rule_books_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['place_id'], ['places.id'], name=op.f('fk_rule_books_place_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rule_books')),
    sa.UniqueConstraint('place_id', 'version', name=op.f('uq_rule_books_place_id_version')),
    sa.UniqueConstraint('public_id', name=op.f('uq_rule_books_public_id'))
    )
    op.create_table('common_problem_issues',
    sa.Column('issue_id', sa.BigInteger(), nullable=False),
    sa.Column('problem_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('added_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['added_by_id'], ['persons.id'], name=op.f('fk_common_problem_issues_added_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['issue_id'], ['issues.id'], name=op.f('fk_common_problem_issues_issue_id')),
    sa.ForeignKeyConstraint(['problem_id'], ['common_problems.id'], name=op.f('fk_common_problem_issues_problem_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('issue_id', name=op.f('pk_common_problem_issues'))
    )
    with op.batch_alter_table('common_problem_issues', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_common_problem_issues_problem_id'), ['problem_id'], unique=False)

    op.create_table('extensions',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, comment='internal; never leaves the server'),
    sa.Column('issue_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('asked_role', sa.Enum('head', 'grid', 'community', 'street', 'district', 'department', 'operator', name='asked_role', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('workdays', sa.Integer(), nullable=False, comment='how many working days more'),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('decided_role', sa.Enum('head', 'grid', 'community', 'street', 'district', 'department', 'operator', name='decided_role', native_enum=False, create_constraint=True, length=24), nullable=True),
    sa.Column('granted', sa.Boolean(), nullable=True),
    sa.Column('answer', sa.String(length=200), server_default='', nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False, comment='opaque, unordered id used in every URL and answer'),
    sa.Column('building_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('grid_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('community_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.CheckConstraint('(decided_at IS NULL) = (granted IS NULL)', name=op.f('ck_extensions_decided_says_what')),
    sa.ForeignKeyConstraint(['asked_by_id'], ['persons.id'], name=op.f('fk_extensions_asked_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['building_id'], ['places.id'], name=op.f('fk_extensions_building_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['community_id'], ['places.id'], name=op.f('fk_extensions_community_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['decided_by_id'], ['persons.id'], name=op.f('fk_extensions_decided_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['grid_id'], ['places.id'], name=op.f('fk_extensions_grid_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['issue_id'], ['issues.id'], name=op.f('fk_extensions_issue_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_extensions')),
    sa.UniqueConstraint('public_id', name=op.f('uq_extensions_public_id'))
    )
    with op.batch_alter_table('extensions', schema=None) as batch_op:
        batch_op.create_index('ix_extensions_community', ['community_id', 'id'], unique=False)
        batch_op.create_index('ix_extensions_issue', ['issue_id', 'id'], unique=False)
        batch_op.create_index('uq_extensions_open', ['issue_id'], unique=True, sqlite_where=sa.text('decided_at IS NULL'), postgresql_where=sa.text('decided_at IS NULL'))

    op.create_table('identity_openings',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, comment='internal; never leaves the server'),
    sa.Column('issue_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('asked_role', sa.Enum('head', 'grid', 'community', 'street', 'district', 'department', 'operator', name='asked_role', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('asked_place_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('decided_role', sa.Enum('head', 'grid', 'community', 'street', 'district', 'department', 'operator', name='decided_role', native_enum=False, create_constraint=True, length=24), nullable=True),
    sa.Column('decided_place_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('granted', sa.Boolean(), nullable=True),
    sa.Column('answer', sa.String(length=200), server_default='', nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True, comment='when the one who asked looked, for the first time'),
    sa.Column('public_id', sa.String(length=16), nullable=False, comment='opaque, unordered id used in every URL and answer'),
    sa.Column('building_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('grid_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('community_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.CheckConstraint('(decided_at IS NULL) = (granted IS NULL)', name=op.f('ck_identity_openings_decided_says_what')),
    sa.CheckConstraint('decided_by_id IS NULL OR decided_by_id <> asked_by_id', name=op.f('ck_identity_openings_two_people')),
    sa.CheckConstraint('opened_at IS NULL OR granted', name=op.f('ck_identity_openings_opened_when_granted')),
    sa.ForeignKeyConstraint(['asked_by_id'], ['persons.id'], name=op.f('fk_identity_openings_asked_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['asked_place_id'], ['places.id'], name=op.f('fk_identity_openings_asked_place_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['building_id'], ['places.id'], name=op.f('fk_identity_openings_building_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['community_id'], ['places.id'], name=op.f('fk_identity_openings_community_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['decided_by_id'], ['persons.id'], name=op.f('fk_identity_openings_decided_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['decided_place_id'], ['places.id'], name=op.f('fk_identity_openings_decided_place_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['grid_id'], ['places.id'], name=op.f('fk_identity_openings_grid_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['issue_id'], ['issues.id'], name=op.f('fk_identity_openings_issue_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_identity_openings')),
    sa.UniqueConstraint('public_id', name=op.f('uq_identity_openings_public_id'))
    )
    with op.batch_alter_table('identity_openings', schema=None) as batch_op:
        batch_op.create_index('ix_identity_openings_community', ['community_id', 'id'], unique=False)
        batch_op.create_index('ix_identity_openings_issue', ['issue_id', 'id'], unique=False)
        batch_op.create_index('uq_identity_openings_waiting', ['issue_id'], unique=True, sqlite_where=sa.text('decided_at IS NULL'), postgresql_where=sa.text('decided_at IS NULL'))

    op.create_table('issue_reads',
    sa.Column('issue_id', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Integer(), nullable=False, comment='YYYYMMDD in Asia/Shanghai'),
    sa.Column('person_id', sa.BigInteger(), nullable=False),
    sa.Column('role', sa.Enum('head', 'grid', 'community', 'street', 'district', 'department', 'operator', name='role', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('place_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False, comment='the first time that day'),
    sa.ForeignKeyConstraint(['issue_id'], ['issues.id'], name=op.f('fk_issue_reads_issue_id')),
    sa.ForeignKeyConstraint(['person_id'], ['persons.id'], name=op.f('fk_issue_reads_person_id')),
    sa.ForeignKeyConstraint(['place_id'], ['places.id'], name=op.f('fk_issue_reads_place_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('issue_id', 'day', 'person_id', name=op.f('pk_issue_reads'))
    )
    op.create_table('triage_decisions',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, comment='internal; never leaves the server'),
    sa.Column('issue_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('suggested', sa.Enum('big', 'small', 'private', name='suggested', native_enum=False, create_constraint=True, length=24), nullable=True),
    sa.Column('suggested_why', sa.String(length=200), server_default='', nullable=False),
    sa.Column('decided', sa.Enum('big', 'small', 'private', name='decided', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('reason', sa.String(length=200), server_default='', nullable=False),
    sa.Column('actor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('actor_role', sa.Enum('head', 'grid', 'community', 'street', 'district', 'department', 'operator', name='role', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('building_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('grid_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('community_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['persons.id'], name=op.f('fk_triage_decisions_actor_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['building_id'], ['places.id'], name=op.f('fk_triage_decisions_building_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['community_id'], ['places.id'], name=op.f('fk_triage_decisions_community_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['grid_id'], ['places.id'], name=op.f('fk_triage_decisions_grid_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['issue_id'], ['issues.id'], name=op.f('fk_triage_decisions_issue_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_triage_decisions'))
    )
    with op.batch_alter_table('triage_decisions', schema=None) as batch_op:
        batch_op.create_index('ix_triage_decisions_community', ['community_id', 'id'], unique=False)
        batch_op.create_index('ix_triage_decisions_issue', ['issue_id', 'id'], unique=False)

    op.create_table('turns',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, comment='internal; never leaves the server'),
    sa.Column('issue_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('level', sa.Enum('head', 'grid', 'community', 'street', 'department', 'district', name='level', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sign_in_due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('signed_in_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('contact_due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('contacted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('end', sa.Enum('resolved', 'passed_up', 'escalated', 'whistled', 'pushed_back', 'assigned', 'reported_back', 'ended', name='turnend', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False, comment='YYYYMM in Asia/Shanghai of ended_at'),
    sa.Column('building_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('grid_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('community_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['building_id'], ['places.id'], name=op.f('fk_turns_building_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['community_id'], ['places.id'], name=op.f('fk_turns_community_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['grid_id'], ['places.id'], name=op.f('fk_turns_grid_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['issue_id'], ['issues.id'], name=op.f('fk_turns_issue_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_turns'))
    )
    with op.batch_alter_table('turns', schema=None) as batch_op:
        batch_op.create_index('ix_turns_issue', ['issue_id', 'id'], unique=False)
        batch_op.create_index('ix_turns_month', ['community_id', 'month'], unique=False)

    op.create_table('whistles',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, comment='internal; never leaves the server'),
    sa.Column('issue_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('department_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reason', sa.String(length=1000), nullable=False, comment='what the department is asked for'),
    sa.Column('sounded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sounded_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('sounded_role', sa.Enum('head', 'grid', 'community', 'street', 'district', 'department', 'operator', name='sounded_role', native_enum=False, create_constraint=True, length=24), nullable=True, comment='none: the clock'),
    sa.Column('month', sa.Integer(), nullable=False, comment='YYYYMM in Asia/Shanghai of sounded_at'),
    sa.Column('sign_in_due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('signed_in_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('contact_due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('contacted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False, comment='report back by'),
    sa.Column('clock_at', sa.DateTime(timezone=True), nullable=True, comment='when the clock next has something to do'),
    sa.Column('report', sa.String(length=1000), server_default='', nullable=False, comment='what the department says it did'),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('end', sa.Enum('reported', 'pushed_back', 'called_off', name='whistleend', native_enum=False, create_constraint=True, length=24), nullable=True),
    sa.Column('pushed_back_why', sa.String(length=200), server_default='', nullable=False),
    sa.Column('urged', sa.Integer(), server_default='0', nullable=False),
    sa.Column('urged_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('rating', sa.Enum('satisfied', 'fairly', 'unsatisfied', name='rating', native_enum=False, create_constraint=True, length=24), nullable=True),
    sa.Column('rating_text', sa.String(length=200), server_default='', nullable=False),
    sa.Column('rated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('rated_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False, comment='opaque, unordered id used in every URL and answer'),
    sa.Column('building_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('grid_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('community_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.CheckConstraint('(ended_at IS NULL) = ("end" IS NULL)', name=op.f('ck_whistles_end_says_how')),
    sa.CheckConstraint('rating IS NULL OR "end" IS NOT NULL', name=op.f('ck_whistles_rated_after_the_end')),
    sa.ForeignKeyConstraint(['building_id'], ['places.id'], name=op.f('fk_whistles_building_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['community_id'], ['places.id'], name=op.f('fk_whistles_community_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['department_id'], ['departments.id'], name=op.f('fk_whistles_department_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['ended_by_id'], ['persons.id'], name=op.f('fk_whistles_ended_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['grid_id'], ['places.id'], name=op.f('fk_whistles_grid_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['issue_id'], ['issues.id'], name=op.f('fk_whistles_issue_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['rated_by_id'], ['persons.id'], name=op.f('fk_whistles_rated_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['sounded_by_id'], ['persons.id'], name=op.f('fk_whistles_sounded_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_whistles')),
    sa.UniqueConstraint('public_id', name=op.f('uq_whistles_public_id'))
    )
    with op.batch_alter_table('whistles', schema=None) as batch_op:
        batch_op.create_index('ix_whistles_clock', ['clock_at'], unique=False, sqlite_where=sa.text('clock_at IS NOT NULL'), postgresql_where=sa.text('clock_at IS NOT NULL'))
        batch_op.create_index('ix_whistles_department', ['department_id', 'issue_id'], unique=False)
        batch_op.create_index('ix_whistles_issue', ['issue_id', 'id'], unique=False)
        batch_op.create_index('ix_whistles_month', ['community_id', 'month'], unique=False)
        batch_op.create_index('uq_whistles_open', ['issue_id', 'department_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    # What cannot be said in the old vocabulary goes: inboxes keep the rest. The timeline cannot: it is append-only.
    column, added = WORDS["messages"][1], WORDS["messages"][3]
    op.execute(f"DELETE FROM messages WHERE {column} IN ({_listed(added)})")
    _speak({table: before for table, (_, _, before, _) in WORDS.items()}, postgresql)
    if postgresql:
        op.drop_index("ix_issue_events_at", table_name="issue_events")
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table_name=table)
    for table, columns in COLUMNS.items():
        for name in reversed(columns):
            op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    if postgresql:
        for name in ("due_at", "reporter_id"):
            op.execute(f"COMMENT ON COLUMN issues.{name} IS NULL")
    where = sa.text("due_at IS NOT NULL AND ended_at IS NULL")
    op.create_index("ix_issues_due", "issues", ["due_at"], sqlite_where=where, postgresql_where=where)
    for table in ("whistles", "turns", "triage_decisions", "issue_reads", "identity_openings", "extensions", "common_problem_issues", "rule_books", "reply_templates", "departments", "common_problems", "api_keys"):
        op.drop_table(table)

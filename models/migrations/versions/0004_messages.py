"""messages: the outbox, grants for subscribe messages, content checks, WeChat's shared token, phones, recognised pages

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

# A vocabulary that grows is a CHECK that is replaced: table → constraint, column, words before, words after.
WORDS = {
    'messages': ('messagekind', 'kind', ('score', 'notice'),
                 ('new_issue', 'passed_up', 'overdue_soon', 'resolved', 'score', 'appeal', 'notice')),
    'sessions': ('sessionkind', 'kind', ('miniprogram', 'console'), ('miniprogram', 'console', 'page')),
}


def _speak(table: str, words: tuple[str, ...]) -> None:
    name, column, _, _ = WORDS[table]
    listed = ', '.join(f"'{word}'" for word in words)
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(f'ck_{table}_{name}'), type_='check')
        batch_op.create_check_constraint(op.f(f'ck_{table}_{name}'), f'{column} IN ({listed})')


def upgrade() -> None:
    op.drop_index('ix_idempotency_keys_created', table_name='idempotency_keys')
    for table, (_, _, _, after) in WORDS.items():
        _speak(table, after)
    op.create_table('callback_receipts',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, comment='internal; never leaves the server'),
    sa.Column('key', sa.LargeBinary(length=32), nullable=False, comment='SHA-256 of what names the delivery'),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_callback_receipts')),
    sa.UniqueConstraint('key', name=op.f('uq_callback_receipts_key'))
    )
    with op.batch_alter_table('callback_receipts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_callback_receipts_received_at'), ['received_at'], unique=False)

    op.create_table('outbox',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, comment='internal; never leaves the server'),
    sa.Column('kind', sa.Enum('issue_event', 'message', 'content_check', 'code_image', name='outboxkind', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('subject', sa.BigInteger(), nullable=False, comment='internal id of the row it is about; its table by kind'),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('not_before', sa.DateTime(timezone=True), nullable=False),
    sa.Column('owner', sa.String(length=80), nullable=False),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('unsure', sa.Integer(), nullable=False, comment='attempts nobody knows the end of'),
    sa.Column('crashed', sa.Integer(), nullable=False, comment='of those, the ones that broke off in their first moment'),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('dead_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.String(length=40), nullable=False, comment='a word of the relay: sent, no_consent …'),
    sa.Column('error', sa.String(length=200), nullable=False, comment='of the last failure; nothing personal'),
    sa.Column('receipt', sa.String(length=80), nullable=False, comment="the other side's name for it, if any"),
    sa.CheckConstraint('done_at IS NULL OR dead_at IS NULL', name=op.f('ck_outbox_one_end')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox')),
    sa.UniqueConstraint('kind', 'subject', name=op.f('uq_outbox_kind_subject'))
    )
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.create_index('ix_outbox_dead', ['id'], unique=False, sqlite_where=sa.text('dead_at IS NOT NULL'), postgresql_where=sa.text('dead_at IS NOT NULL'))
        batch_op.create_index('ix_outbox_waiting', ['not_before'], unique=False, sqlite_where=sa.text('done_at IS NULL AND dead_at IS NULL'), postgresql_where=sa.text('done_at IS NULL AND dead_at IS NULL'))

    op.create_table('wechat_tokens',
    sa.Column('appid', sa.String(length=32), nullable=False),
    sa.Column('mark', sa.String(length=16), nullable=False, comment='drawn anew at every change: only who saw the newest state changes it'),
    sa.Column('token_sealed', sa.LargeBinary(), nullable=True, comment='nothing personal, but whoever has it speaks as us'),
    sa.Column('serial', sa.Integer(), nullable=False, comment='counts the fetches: tells a new token from the one refused'),
    sa.Column('fetched_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('owner', sa.String(length=80), nullable=False, comment='who is fetching now'),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('refusals', sa.Integer(), nullable=False, comment='fresh tokens refused in a row; opens the breaker'),
    sa.Column('refused_serial', sa.Integer(), nullable=False, comment='the newest token counted in `refusals`'),
    sa.Column('broken_until', sa.DateTime(timezone=True), nullable=True, comment='nothing is asked before this moment'),
    sa.Column('broken_why', sa.String(length=120), nullable=False),
    sa.PrimaryKeyConstraint('appid', name=op.f('pk_wechat_tokens'))
    )
    op.create_table('subscription_grants',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, comment='internal; never leaves the server'),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('template', sa.String(length=64), nullable=False, comment="WeChat's template id"),
    sa.Column('long_term', sa.Boolean(), nullable=False),
    sa.Column('said_by_client', sa.Boolean(), nullable=False, comment='the phone reported this accept'),
    sa.Column('said_by_push', sa.Boolean(), nullable=False, comment='WeChat pushed it; the same accept comes both ways'),
    sa.Column('granted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('outbox_id', sa.BigInteger(), nullable=True, comment='the delivery it was spent on'),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_why', sa.Enum('spent', 'refused', 'withdrawn', name='grantend', native_enum=False, create_constraint=True, length=24), nullable=True),
    sa.CheckConstraint('(ended_at IS NULL) = (ended_why IS NULL)', name=op.f('ck_subscription_grants_ends_with_a_reason')),
    sa.ForeignKeyConstraint(['person_id'], ['persons.id'], name=op.f('fk_subscription_grants_person_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscription_grants'))
    )
    with op.batch_alter_table('subscription_grants', schema=None) as batch_op:
        batch_op.create_index('ix_subscription_grants_person', ['person_id', 'granted_at'], unique=False)
        batch_op.create_index('ix_subscription_grants_live', ['person_id', 'template', 'id'], unique=False, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.create_table('content_checks',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, comment='internal; never leaves the server'),
    sa.Column('issue_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('event_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('photo_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.Enum('waiting', 'queued', 'passed', 'withheld', name='checkstate', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('checked_by', sa.Enum('wechat', 'words', 'person', name='checkedby', native_enum=False, create_constraint=True, length=24), nullable=True, comment='who gave the last verdict'),
    sa.Column('label', sa.Enum('ads', 'gambling', 'fraud', 'contact', 'personal', 'abuse', 'vulgar', 'porn', 'politics', 'crime', 'copyright', 'local', 'other', 'unchecked', 'long', 'away', 'late', 'unreadable', 'failed', name='heldfor', native_enum=False, create_constraint=True, length=24), nullable=True, comment='what it was held for'),
    sa.Column('trace', sa.String(length=80), nullable=True, comment="WeChat's name for the check"),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False, comment="without a verdict by then it goes to the office's queue"),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('reason', sa.String(length=200), nullable=False, comment='why a person decided so'),
    sa.Column('version', sa.Integer(), nullable=False, comment='ETag of the decision'),
    sa.Column('public_id', sa.String(length=16), nullable=False, comment='opaque, unordered id used in every URL and answer'),
    sa.Column('building_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('grid_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('community_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.CheckConstraint('(event_id IS NULL) <> (photo_id IS NULL)', name=op.f('ck_content_checks_checks_one_thing')),
    sa.ForeignKeyConstraint(['building_id'], ['places.id'], name=op.f('fk_content_checks_building_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['community_id'], ['places.id'], name=op.f('fk_content_checks_community_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['decided_by_id'], ['persons.id'], name=op.f('fk_content_checks_decided_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['event_id'], ['issue_events.id'], name=op.f('fk_content_checks_event_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['grid_id'], ['places.id'], name=op.f('fk_content_checks_grid_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['issue_id'], ['issues.id'], name=op.f('fk_content_checks_issue_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['photo_id'], ['photos.id'], name=op.f('fk_content_checks_photo_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_content_checks')),
    sa.UniqueConstraint('public_id', name=op.f('uq_content_checks_public_id')),
    sa.UniqueConstraint('trace', name=op.f('uq_content_checks_trace'))
    )
    with op.batch_alter_table('content_checks', schema=None) as batch_op:
        batch_op.create_index('ix_content_checks_community_state', ['community_id', 'state', 'id'], unique=False)
        batch_op.create_index('ix_content_checks_issue', ['issue_id'], unique=False)
        batch_op.create_index('ix_content_checks_waiting', ['due_at'], unique=False, sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))
        batch_op.create_index('uq_content_checks_event', ['event_id'], unique=True, sqlite_where=sa.text('event_id IS NOT NULL'), postgresql_where=sa.text('event_id IS NOT NULL'))
        batch_op.create_index('uq_content_checks_photo', ['photo_id'], unique=True, sqlite_where=sa.text('photo_id IS NOT NULL'), postgresql_where=sa.text('photo_id IS NOT NULL'))

    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.add_column(sa.Column('facts', sa.String(length=600), server_default='', nullable=False, comment="JSON for WeChat's template: building, category …"))

    with op.batch_alter_table('issues', schema=None) as batch_op:
        batch_op.create_index('ix_issues_due', ['due_at'], unique=False, sqlite_where=sa.text('due_at IS NOT NULL AND ended_at IS NULL'), postgresql_where=sa.text('due_at IS NOT NULL AND ended_at IS NULL'))

    with op.batch_alter_table('persons', schema=None) as batch_op:
        batch_op.add_column(sa.Column('phone_sealed', sa.LargeBinary(), nullable=True, comment='to be called back, given by the person in WeChat'))
        batch_op.add_column(sa.Column('phone_index', sa.LargeBinary(length=16), nullable=True, comment='keyed blind index'))

    with op.batch_alter_table('stairwell_codes', schema=None) as batch_op:
        batch_op.add_column(sa.Column('created_role', sa.Enum('head', 'grid', 'community', 'street', 'district', 'department', 'operator', name='made_in_role', native_enum=False, create_constraint=True, length=24), nullable=True, comment='none: by an import at the command line'))
        batch_op.add_column(sa.Column('revoked_role', sa.Enum('head', 'grid', 'community', 'street', 'district', 'department', 'operator', name='revoked_in_role', native_enum=False, create_constraint=True, length=24), nullable=True))
        batch_op.add_column(sa.Column('revoked_why', sa.Enum('torn', 'defaced', 'abused', 'closed', 'other', name='codeend', native_enum=False, create_constraint=True, length=24), nullable=True, comment='none: in use, or revoked before reasons were asked for'))
        batch_op.add_column(sa.Column('revoked_note', sa.String(length=80), server_default='', nullable=False, comment='what the reason leaves open, in the office\'s words'))
        batch_op.add_column(sa.Column('image', sa.String(length=80), nullable=True, comment='where its mini-program code is kept, once drawn'))
        batch_op.create_index('ix_stairwell_codes_building', ['building_id', 'id'], unique=False)

    with op.batch_alter_table('wechat_accounts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('unionid_index', sa.LargeBinary(length=16), nullable=True, comment='keyed blind index: the same person in our other app'))
        batch_op.add_column(sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True, comment='last sign-in: WeChat checks texts of the last two hours'))
        batch_op.create_index('ix_wechat_accounts_unionid', ['unionid_index'], unique=False, sqlite_where=sa.text('unionid_index IS NOT NULL'), postgresql_where=sa.text('unionid_index IS NOT NULL'))



def downgrade() -> None:
    with op.batch_alter_table('issues', schema=None) as batch_op:
        batch_op.drop_index('ix_issues_due', sqlite_where=sa.text('due_at IS NOT NULL AND ended_at IS NULL'), postgresql_where=sa.text('due_at IS NOT NULL AND ended_at IS NULL'))

    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.drop_column('facts')

    with op.batch_alter_table('wechat_accounts', schema=None) as batch_op:
        batch_op.drop_index('ix_wechat_accounts_unionid', sqlite_where=sa.text('unionid_index IS NOT NULL'), postgresql_where=sa.text('unionid_index IS NOT NULL'))
        batch_op.drop_column('seen_at')
        batch_op.drop_column('unionid_index')

    with op.batch_alter_table('stairwell_codes', schema=None) as batch_op:
        batch_op.drop_index('ix_stairwell_codes_building')
        for words in ('codeend', 'revoked_in_role', 'made_in_role'):
            batch_op.drop_constraint(op.f(f'ck_stairwell_codes_{words}'), type_='check')
        batch_op.drop_column('image')
        batch_op.drop_column('revoked_note')
        batch_op.drop_column('revoked_why')
        batch_op.drop_column('revoked_role')
        batch_op.drop_column('created_role')

    with op.batch_alter_table('persons', schema=None) as batch_op:
        batch_op.drop_column('phone_index')
        batch_op.drop_column('phone_sealed')

    with op.batch_alter_table('content_checks', schema=None) as batch_op:
        batch_op.drop_index('uq_content_checks_photo', sqlite_where=sa.text('photo_id IS NOT NULL'), postgresql_where=sa.text('photo_id IS NOT NULL'))
        batch_op.drop_index('uq_content_checks_event', sqlite_where=sa.text('event_id IS NOT NULL'), postgresql_where=sa.text('event_id IS NOT NULL'))
        batch_op.drop_index('ix_content_checks_waiting', sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))
        batch_op.drop_index('ix_content_checks_issue')
        batch_op.drop_index('ix_content_checks_community_state')

    op.drop_table('content_checks')
    with op.batch_alter_table('subscription_grants', schema=None) as batch_op:
        batch_op.drop_index('ix_subscription_grants_person')
        batch_op.drop_index('ix_subscription_grants_live', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.drop_table('subscription_grants')
    op.drop_table('wechat_tokens')
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_waiting', sqlite_where=sa.text('done_at IS NULL AND dead_at IS NULL'), postgresql_where=sa.text('done_at IS NULL AND dead_at IS NULL'))
        batch_op.drop_index('ix_outbox_dead', sqlite_where=sa.text('dead_at IS NOT NULL'), postgresql_where=sa.text('dead_at IS NOT NULL'))

    op.drop_table('outbox')
    with op.batch_alter_table('callback_receipts', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_callback_receipts_received_at'))

    op.drop_table('callback_receipts')
    # What cannot be said in the old vocabulary goes: pages sign in again, and inboxes keep scores and notices.
    for table, (_, column, before, _) in WORDS.items():
        listed = ', '.join(f"'{word}'" for word in before)
        op.execute(f"DELETE FROM {table} WHERE {column} NOT IN ({listed})")
        _speak(table, before)
    op.create_index('ix_idempotency_keys_created', 'idempotency_keys', ['created_at'])

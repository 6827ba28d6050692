"""defaults: the nineteen duties every office starts with, and the first rule set

Revision: 0003, after 0002
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Ours, and editable: three kinds of duty, nineteen items (design §2). Public ids are fixed so that a client may know them.
ITEMS = (
    ("policy", "宣讲惠民政策"),
    ("policy", "传达社区通知"),
    ("policy", "宣传消防安全"),
    ("policy", "宣传防诈骗"),
    ("policy", "宣传垃圾分类"),
    ("policy", "收集居民意见建议"),
    ("harmony", "调解邻里矛盾"),
    ("harmony", "组织邻里互助"),
    ("harmony", "组织楼栋议事"),
    ("harmony", "关心独居老人"),
    ("harmony", "关心困难家庭"),
    ("harmony", "关心未成年人"),
    ("service", "巡查楼道安全"),
    ("service", "清理楼道堆物"),
    ("service", "报修公共设施"),
    ("service", "代办便民事项"),
    ("service", "协助应急处置"),
    ("service", "联系物业和职能部门"),
    ("service", "回访诉求办理情况"),
)

# Frozen here: the program may change its mind, a rule set that months were scored by may not (a test compares them).
STANDARD_1 = (
    '{"name": "standard-1", "version": 1, "valid_from": "2000-01", "survey_weight": 30000, "star_book_weight": 30000, '
    '"case_handling_weight": 30000, "duties_weight": 10000, "deduction_cap": 10000, "contacted_part": 10, '
    '"solved_part": 50, "satisfied_part": 40, "fairly_worth": 900, "min_ballots": 5, "min_ballots_percent": 20, '
    '"min_answers": 3, "prior_weight": 10, "min_weight_to_rank": 30000, "stars_max": 5, "duties_for_full_marks": 4, '
    '"flags": 2, "tie_break": ["solved_share", "star_book", "rework"]}'
)


def upgrade() -> None:
    _duties()
    _rule_set()


def _rule_set() -> None:
    table = sa.table(
        "rule_sets",
        sa.column("name", sa.String),
        sa.column("version", sa.Integer),
        sa.column("valid_from_month", sa.Integer),
        sa.column("body", sa.Text),
        sa.column("created_at", sa.DateTime(timezone=True)),
    )
    # Rule sets are append-only, so a downgrade left it where it is.
    if op.get_bind().scalar(sa.select(sa.func.count()).select_from(table)):
        return
    op.bulk_insert(
        table,
        [
            {
                "name": "standard-1",
                "version": 1,
                "valid_from_month": 200001,
                "body": STANDARD_1,
                "created_at": datetime(2026, 11, 1, tzinfo=UTC),
            }
        ],
    )


def _duties() -> None:
    table = sa.table(
        "duty_items",
        sa.column("public_id", sa.String),
        sa.column("group", sa.String),
        sa.column("position", sa.Integer),
        sa.column("title", sa.String),
    )
    op.bulk_insert(
        table,
        [
            {"public_id": f"task{position:012d}", "group": group, "position": position, "title": title}
            for position, (group, title) in enumerate(ITEMS, 1)
        ],
    )


def downgrade() -> None:
    op.execute("DELETE FROM duty_items")

"""defaults: the nineteen duties every office starts with

Revision: 0003, after 0002
"""

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


def upgrade() -> None:
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

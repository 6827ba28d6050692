import re

import pytest

from models.enums import Role
from server.rules.permissions import APPOINTS, ENDS, EVERYONE, GRANTS, Permission, may, may_appoint, may_end, roles_with

P = Permission
R = Role


def test_members_are_alphabetised_and_written_alike() -> None:
    values = [permission.value for permission in Permission]
    assert values == sorted(values)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*:[a-z]+(_[a-z]+)*", value) for value in values)
    assert all(permission.name == permission.value.replace(":", "_").upper() for permission in Permission)


def test_every_permission_is_somebodys_and_every_role_has_its_own() -> None:
    assert [permission for permission in Permission if not roles_with(permission)] == []
    assert set(GRANTS) == set(Role)
    assert all(not grants & EVERYONE for grants in GRANTS.values())


@pytest.mark.parametrize(
    ("permission", "roles"),
    [
        (P.AUDIT_READ, {R.OPERATOR}),
        (P.CODE_ROTATE, {R.COMMUNITY}),
        (P.DEDUCTION_WRITE, {R.COMMUNITY}),
        (P.DUTY_RECORD, {R.HEAD}),
        (P.DUTY_VERIFY, {R.COMMUNITY}),
        (P.HOUSEHOLD_READ, {R.HEAD, R.GRID, R.COMMUNITY}),
        (P.HOUSEHOLD_REVEAL, {R.HEAD, R.GRID, R.COMMUNITY}),
        (P.HOUSEHOLD_WRITE, {R.HEAD, R.GRID, R.COMMUNITY}),
        (P.HOUSEHOLD_EXPORT, {R.COMMUNITY}),
        (P.INSPECTION_WRITE, {R.GRID, R.COMMUNITY}),
        (P.INVITATION_WRITE, {R.COMMUNITY}),
        (P.ISSUE_DECLINE, {R.GRID, R.COMMUNITY, R.STREET, R.DISTRICT}),
        (P.ISSUE_RESOLVE, set(R) - {R.OPERATOR, R.DEPARTMENT}),
        (P.ISSUE_WHISTLE, {R.COMMUNITY, R.STREET, R.DISTRICT}),
        (P.ISSUE_REPORT_BACK, {R.DEPARTMENT}),
        (P.ISSUE_RATE_DEPARTMENT, {R.COMMUNITY, R.STREET}),
        (P.DEPARTMENT_WRITE, {R.DISTRICT}),
        (P.ISSUE_VISIT, {R.COMMUNITY}),
        (P.ISSUE_IMPORT, {R.COMMUNITY, R.STREET}),
        (P.MONTH_CLOSE, {R.COMMUNITY}),
        (P.MONTH_OPEN_NOTICE, {R.COMMUNITY}),
        (P.MONTH_PUBLISH, {R.COMMUNITY}),
        (P.MONTH_SEAL, {R.COMMUNITY, R.STREET}),
        (P.PLACE_IMPORT, {R.STREET, R.DISTRICT}),
        (P.REVIEW_READ, {R.COMMUNITY, R.STREET}),
        (P.SCORE_READ_OWN, {R.HEAD}),
        (P.ISSUE_REPORT, set(R)),
    ],
)
def test_who_holds_what(permission: Permission, roles: set[Role]) -> None:
    assert roles_with(permission) == roles


def test_the_operator_sees_no_business_data() -> None:
    assert GRANTS[R.OPERATOR] == {P.AUDIT_READ, P.OUTBOX_READ}


def test_a_department_answers_whistles_and_settles_nothing() -> None:
    assert {permission.partition(":")[0] for permission in GRANTS[R.DEPARTMENT]} == {
        *("issue", "book", "department", "template")
    }
    answers = {P.ISSUE_SIGN_IN, P.ISSUE_CONTACT, P.ISSUE_REPORT_BACK, P.ISSUE_PUSH_BACK}
    reads = {P.ISSUE_LIST, P.ISSUE_READ, P.ISSUE_NOTE, P.BOOK_READ, P.DEPARTMENT_READ, P.TEMPLATE_READ}
    assert GRANTS[R.DEPARTMENT] == answers | reads


@pytest.mark.parametrize("role", [R.STREET, R.DISTRICT, R.DEPARTMENT, R.OPERATOR])
def test_far_away_offices_see_no_household(role: Role) -> None:
    assert not any(permission.startswith("household:") for permission in GRANTS[role])


@pytest.mark.parametrize(
    ("roles", "permission", "allowed", "reason"),
    [
        ([], P.ISSUE_REPORT, True, "登录以后就可以上报诉求。"),
        ([], P.MONTH_SEAL, False, "封存考核月由社区居委会、街道办理；您现在没有任职。"),
        ([R.HEAD], P.MONTH_SEAL, False, "封存考核月由社区居委会、街道办理；您现在的身份是楼栋长。"),
        ([R.COMMUNITY], P.MONTH_SEAL, True, "您是社区居委会，可以封存考核月。"),
        ([R.HEAD, R.COMMUNITY], P.DUTY_RECORD, True, "您是楼栋长，可以登记履职。"),
    ],
)
def test_the_reason_comes_with_the_decision(
    roles: list[Role], permission: Permission, allowed: bool, reason: str
) -> None:
    decision = may(roles, permission)
    assert (decision.allowed, decision.reason) == (allowed, reason)
    assert bool(decision) is allowed


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", Role)
def test_may_agrees_with_the_table(role: Role, permission: Permission) -> None:
    assert may([role], permission).allowed is (permission in GRANTS[role] | EVERYONE)


@pytest.mark.parametrize(
    ("roles", "to", "allowed"),
    [
        ([R.COMMUNITY], R.HEAD, True),
        ([R.COMMUNITY], R.GRID, True),
        ([R.COMMUNITY], R.COMMUNITY, False),
        ([R.COMMUNITY], R.STREET, False),
        ([R.STREET], R.COMMUNITY, True),
        ([R.STREET], R.HEAD, False),
        ([R.DISTRICT], R.OPERATOR, True),
        ([R.DISTRICT], R.DISTRICT, False),
        ([R.OPERATOR], R.OPERATOR, False),
        ([R.HEAD, R.GRID], R.HEAD, False),
        ([], R.HEAD, False),
    ],
)
def test_each_level_appoints_the_next_one_down(roles: list[Role], to: Role, allowed: bool) -> None:
    assert may_appoint(roles, to).allowed is allowed


@pytest.mark.parametrize(
    ("roles", "of", "allowed"),
    [
        ([R.COMMUNITY], R.HEAD, True),
        ([R.STREET], R.HEAD, True),
        ([R.DISTRICT], R.HEAD, True),
        ([R.STREET], R.STREET, False),
        ([R.DISTRICT], R.DISTRICT, False),
        ([R.HEAD], R.HEAD, False),
    ],
)
def test_any_level_above_ends_an_appointment(roles: list[Role], of: Role, allowed: bool) -> None:
    assert may_end(roles, of).allowed is allowed


def test_only_roles_that_manage_appointments_appoint() -> None:
    assert set(APPOINTS) == set(ENDS) == set(roles_with(P.APPOINTMENT_WRITE)) == set(roles_with(P.APPOINTMENT_END))
    assert (
        may_appoint([R.COMMUNITY], R.DISTRICT).reason == "区的任命由运维人员在服务器上办理；您现在的身份是社区居委会。"
    )

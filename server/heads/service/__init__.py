"""Writing appointments: inviting a head, taking the invitation up, appointing and ending."""

from server.heads.service.appointing import Term, appoint, appoint_by_operator, end
from server.heads.service.inviting import accept, invite, revoke

__all__ = ["Term", "accept", "appoint", "appoint_by_operator", "end", "invite", "revoke"]

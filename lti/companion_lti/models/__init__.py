"""Platforms and what we keep of them: registrations, deployments, keys, links, sessions."""

from companion_lti.models.addresses import origin_of, validate_web_address
from companion_lti.models.links import ContextCopy, GradeColumn, ResourceLink, Roster, Score
from companion_lti.models.registrations import Deployment, Invite, Probe, Registration, ToolKey
from companion_lti.models.sessions import LtiSession, UsedLogin

__all__ = [
    "ContextCopy",
    "Deployment",
    "GradeColumn",
    "Invite",
    "LtiSession",
    "Probe",
    "Registration",
    "ResourceLink",
    "Roster",
    "Score",
    "ToolKey",
    "UsedLogin",
    "origin_of",
    "validate_web_address",
]

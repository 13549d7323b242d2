from __future__ import annotations

from apps.core.errors import Conflict, DomainError


class VersionTaken(Conflict):
    code = "version_taken"
    title = "This version exists already"


class ReleaseNotDeployable(Conflict):
    code = "release_not_deployable"
    title = "This release cannot be deployed"


class EnvironmentNotReady(Conflict):
    code = "environment_not_ready"
    title = "The environment is not set up"


class DeploymentRunning(Conflict):
    code = "deployment_running"
    title = "Another deployment to this environment is under way"


class StagingRefused(Conflict):
    """Of several that go together. `refused` says of each experience, by its slug, why not."""

    code = "staging_refused"
    title = "Nothing was begun, because a part of it cannot go to staging"


class NotOnStaging(Conflict):
    code = "not_on_staging"
    title = "A release must be live on staging before it goes to production"


class NothingToRollBackTo(Conflict):
    code = "nothing_to_roll_back_to"
    title = "There is no earlier release to go back to"


class DeploymentEnded(Conflict):
    code = "deployment_ended"
    title = "This deployment has ended; start a new one from its page"


class OutcomeUnclear(DomainError):
    """A publish whose fate cannot be found out; repeating it blindly could publish twice."""

    code = "publish_outcome_unclear"
    status = 502
    title = "It is not known whether Roblox published the place"

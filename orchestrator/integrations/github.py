"""GitHub: how the checks of a commit ended, and whom an environment asks before something is deployed to it.

Never decides what is good: it reads, and writes what it is told to. The token is in requests only, never in a message.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Self
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from github import Environment, Github
    from urllib3 import Retry

TIMEOUT: Final = 10
"""Seconds that one answer may take."""
RETRIES: Final[Mapping[str, Any]] = {
    "total": 2,
    "backoff_factor": 0.5,
    "raise_on_status": False,
    "retry_after_max": 30,
    "secondary_rate_wait": 30,
    "max_rate_limit_wait": 30,
}
"""How PyGithub tries again. It waits for no rate limit that lasts longer than this."""
MOST_REVIEWERS: Final = 6
"""That GitHub takes for one environment."""
GREEN: Final = frozenset({"success", "skipped", "neutral"})
"""Conclusions of check runs that are in nobody's way."""


class Unreachable(Exception):
    """GitHub did not answer, or not to us. `passes`: it may answer a little later."""

    def __init__(self, reason: str, *, status: int | None = None, passes: bool = False) -> None:
        super().__init__(reason)
        self.status = status
        self.passes = passes


class Reviewer(NamedTuple):
    """Somebody who may approve a deployment: `login`, or `org/team`."""

    kind: Literal["User", "Team"]
    id: int
    name: str


@dataclass(frozen=True)
class Protection:
    """What GitHub does before a job may use an environment."""

    reviewers: tuple[Reviewer, ...] = ()
    wait_timer: int = 0
    """Minutes."""
    prevent_self_review: bool = False
    branches: Literal["all", "protected", "named"] = "all"
    """Which branches may deploy."""
    admins_may_bypass: bool = True

    def stricter(self, reviewers: Sequence[Reviewer], wait_timer: int | None, prevent_self_review: bool) -> Protection:
        """Return this protection and at least what is asked for: nothing that is there goes."""
        known = {(reviewer.kind, reviewer.id) for reviewer in self.reviewers}
        more = tuple(reviewer for reviewer in reviewers if (reviewer.kind, reviewer.id) not in known)
        return replace(
            self,
            reviewers=(*self.reviewers, *more),
            wait_timer=max(self.wait_timer, wait_timer or 0),
            prevent_self_review=self.prevent_self_review or prevent_self_review,
        )


@dataclass
class Repository:
    """One repository on GitHub, `owner/name`, as far as a token may see and change it."""

    name: str
    token: str = field(repr=False)
    base_url: str | None = None
    """Of the API; None = GitHub's own."""
    retry: Retry | None = None
    """How it tries again; None = as `RETRIES` says."""
    timeout: int = TIMEOUT

    @classmethod
    def known_to(cls, environ: Mapping[str, str], name: str | None, host: str | None = None) -> Self:
        """Return a repository with the token and address of the environment, as GitHub's own runners set them.

        `host` is the machine that the project's remote is on.

        :raises Unreachable: naming what is missing.
        """
        if not name:
            raise Unreachable("the project has no remote repository")
        server = urlsplit(environ.get("GITHUB_SERVER_URL") or "https://github.com").hostname
        if host not in (None, server, f"ssh.{server}"):
            raise Unreachable(f"the remote repository is on `{host}`, not on `{server}`")
        token = environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN")
        if not token:
            raise Unreachable("`GITHUB_TOKEN` is not set")
        address = environ.get("GITHUB_API_URL") or None
        if address and not address.startswith(("http://", "https://")):
            raise Unreachable("`GITHUB_API_URL` is no http address")
        return cls(name, token, address)

    def check_states(self, ref: str) -> dict[str, str]:
        """Return the conclusion of each check run of a commit by name; `pending` while it has none.

        Where several runs have one name, such as those of a push and of its pull request, the worst counts.

        :raises Unreachable: with the reason.
        """
        with self._talking() as api:
            runs = api.get_repo(self._quoted).get_commit(ref).get_check_runs()
            found: dict[str, str] = {}
            for run in runs:
                if run.name not in found or found[run.name] in GREEN:
                    found[run.name] = run.conclusion or "pending"
            return found

    def protection(self, environment: str) -> Protection | None:
        """Return how an environment is protected; None when there is no such environment.

        :raises Unreachable: with the reason, also when the token does not let us see the repository.
        """
        from github import UnknownObjectException

        with self._talking() as api:
            repository = api.get_repo(self._quoted)
            try:
                return _protection(repository.get_environment(environment).complete(), self.name)
            except UnknownObjectException:
                repository.complete()  # GitHub says 404 of what we may not see, too
                return None

    def reviewer(self, name: str) -> Reviewer:
        """Return who `login` or `org/team` is.

        :raises Unreachable: with the reason, also when there is nobody of that name.
        """
        owner, slash, team = name.partition("/")
        with self._talking(name) as api:
            if slash:
                return Reviewer("Team", api.get_organization(owner).get_team_by_slug(team).id, name)
            return Reviewer("User", api.get_user(owner).id, name)

    def protect(self, environment: str, protection: Protection) -> Protection:
        """Make the environment ask for exactly this, and return what GitHub says it asks for now.

        GitHub replaces all of an environment's rules; what should stay must be in `protection`.

        :raises Unreachable: with the reason.
        """
        from github.EnvironmentDeploymentBranchPolicy import EnvironmentDeploymentBranchPolicyParams
        from github.EnvironmentProtectionRuleReviewer import ReviewerParams

        branches = {
            "all": None,
            "protected": EnvironmentDeploymentBranchPolicyParams(protected_branches=True),
            "named": EnvironmentDeploymentBranchPolicyParams(custom_branch_policies=True),
        }
        with self._talking() as api:
            made = api.get_repo(self._quoted).create_environment(
                environment,
                wait_timer=protection.wait_timer,
                reviewers=[ReviewerParams(reviewer.kind, reviewer.id) for reviewer in protection.reviewers],
                prevent_self_review=protection.prevent_self_review,
                deployment_branch_policy=branches[protection.branches],
            )
            return _protection(made, self.name)

    @property
    def _quoted(self) -> str:
        return quote(self.name, safe="/")

    @contextmanager
    def _talking(self, about: str | None = None) -> Iterator[Github]:
        import requests
        from github import Auth, Consts, Github, GithubException, GithubRetry

        logging.getLogger("github").handlers[:] = [logging.NullHandler()]  # PyGithub's own one prints over the screen
        api = Github(
            auth=Auth.Token(self.token),
            base_url=self.base_url or Consts.DEFAULT_BASE_URL,
            timeout=self.timeout,
            retry=self.retry or GithubRetry(**RETRIES),
            seconds_between_requests=None,  # there are a handful of them
            seconds_between_writes=None,
            lazy=True,
        )
        try:
            yield api
        except GithubException as error:
            raise _unreachable(error, about or self.name) from None
        except requests.RequestException as error:
            raise Unreachable(f"GitHub cannot be reached: {type(error).__name__}", passes=True) from None
        except RuntimeError as error:  # of PyGithub: the address leads to another one
            raise Unreachable(f"GitHub cannot be reached: {error}") from None
        finally:
            api.close()


def _protection(environment: Environment.Environment, repository: str) -> Protection:
    """Format: https://docs.github.com/rest/deployments/environments#get-an-environment"""
    reviewers: list[Reviewer] = []
    wait_timer, prevent_self_review = 0, False
    for rule in environment.protection_rules or ():
        wait_timer = max(wait_timer, rule.wait_timer or 0)
        prevent_self_review = prevent_self_review or bool(rule.prevent_self_review)
        reviewers += (_reviewer(entry.type, entry.reviewer, repository) for entry in rule.reviewers or ())
    policy = environment.deployment_branch_policy
    return Protection(
        tuple(reviewers),
        wait_timer,
        prevent_self_review,
        "all" if policy is None else "protected" if policy.protected_branches else "named",
        bool(environment.raw_data.get("can_admins_bypass", True)),  # not in the description, but in the answers
    )


def _reviewer(kind: str, who: Any, repository: str) -> Reviewer:
    if kind == "Team":
        return Reviewer("Team", who.id, f"{repository.partition('/')[0]}/{who.slug}")
    return Reviewer("User", who.id, who.login)


def _unreachable(error: Any, about: str) -> Unreachable:
    from github import BadCredentialsException, RateLimitExceededException

    status = error.status
    if isinstance(error, BadCredentialsException):
        return Unreachable("GitHub does not take the token", status=status)
    is_used_up = (error.headers or {}).get("x-ratelimit-remaining") == "0"  # what says so may have been read before
    if isinstance(error, RateLimitExceededException) or status == 429 or (status == 403 and is_used_up):
        return Unreachable("GitHub's rate limit is used up", status=status, passes=True)
    said = error.data.get("message") if isinstance(error.data, dict) else None
    why = f": {str(said).splitlines()[0][:200]}" if said and status != 404 else ""
    return Unreachable(f"GitHub answered {status} for `{about}`{why}", status=status, passes=status >= 500)

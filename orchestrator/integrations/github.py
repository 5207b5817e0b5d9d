"""GitHub, read only: how the checks of a commit ended."""

from __future__ import annotations


class Unreachable(Exception):
    """GitHub did not answer, or not to us."""


def check_states(repository: str, ref: str, token: str, base_url: str | None = None) -> dict[str, str]:
    """Return the conclusion of each check run of a commit by name; `pending` while it has none.

    :raises Unreachable: with the reason.
    """
    import requests
    from github import Auth, Consts, Github, GithubException

    api = Github(auth=Auth.Token(token), timeout=10, retry=2, base_url=base_url or Consts.DEFAULT_BASE_URL)
    try:
        commit = api.get_repo(repository).get_commit(ref)
        return {run.name: run.conclusion or "pending" for run in commit.get_check_runs()}
    except GithubException as error:
        raise Unreachable(f"GitHub answered {error.status} for `{repository}`") from error
    except requests.RequestException as error:
        raise Unreachable(f"GitHub cannot be reached: {type(error).__name__}") from error
    finally:
        api.close()

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.edits.actions.rollout import asks, end_of_rollout, is_migration, is_rollout
from orchestrator.edits.text import SourceText
from orchestrator.edits.workflow import Job, Step, Workflow
from orchestrator.edits.yaml_document import YamlDocument

DEPLOYS = [
    "kubectl apply -f k8s/",
    "kubectl -n shop set image deployment/api api=x",
    "kubectl --context prod --namespace shop rollout restart deployment/api",
    "helm -n shop upgrade --install shop ./chart",
    "sudo docker compose -f compose.prod.yml up -d",
    "docker-compose up -d",
    'ssh deploy@host "cd /srv && git pull && docker compose up -d"',
    "timeout 10m ./scripts/deploy.sh staging",
    "bash ci/deploy-api.sh",
    "npx --yes vercel --prod",
    "aws ecs update-service --cluster shop --service api --force-new-deployment",
    "aws --region eu-west-1 ecs update-service --cluster shop",
    "gcloud run deploy api --image x",
    "flyctl deploy --remote-only",
    "npm run deploy:staging",
    "make deploy",
    "rsync -az dist/ host:/srv",
    "cd infra && terraform apply -auto-approve",
]
DOES_NOT = [
    "kubectl get pods",
    "kubectl rollout status deployment/api",
    "helm lint ./chart",
    "docker compose pull",
    "docker compose -f up.yml config",
    "echo kubectl apply -f k8s/",
    "npx prisma migrate deploy",
    "kubectl apply -f k8s/migrate-job.yml",
    "terraform plan",
    "npm run build",
    "vercel pull --yes",
    "./check-deployment-docs.sh",
]


@pytest.mark.parametrize("command", DEPLOYS)
def test_a_command_people_deploy_with_deploys(command: str) -> None:
    assert is_rollout(step(run=command))


@pytest.mark.parametrize("command", DOES_NOT)
def test_a_command_that_looks_or_prepares_does_not_deploy(command: str) -> None:
    assert not is_rollout(step(run=command))


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("azure/k8s-deploy@v5", True),
        ("actions/deploy-pages@v4", True),
        ("aws-actions/amazon-ecs-deploy-task-definition@v2", True),
        ("appleboy/ssh-action@v1", True),
        ("chrnorm/deployment-status@v2", False),
        ("bobheadxi/deployments@v1", False),
        ("rossjrw/pr-preview-action-deploy@v1", False),
        ("actions/checkout@v4", False),
    ],
)
def test_an_action_people_deploy_with_deploys(action: str, expected: bool) -> None:
    assert is_rollout(step(uses=action)) is expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("npm run migrate", True),
        ("python manage.py migrate --noinput", True),
        ("npx knex migrate:latest", True),
        ("alembic upgrade head", True),
        ("npx prisma db push", True),
        ("echo migrate", False),
        ("helm upgrade shop ./chart", False),
    ],
)
def test_a_migration_is_known_by_its_command(command: str, expected: bool) -> None:
    assert is_migration(step(run=command)) is expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"run": "curl -fsS https://shop.io/health"}, True),
        ({"run": "for i in 1 2; do wget -q 'https://shop.io/health/' && break; done"}, True),
        ({"run": 'curl "${BASE%/}/health"', "env": {"BASE": "https://shop.io/"}}, False),
        ({"run": 'curl "$BASE/health"', "env": {"BASE": "https://shop.io"}}, True),
        ({"uses": "some/url-health-check@v1", "with": {"url": "https://shop.io/health"}}, True),
        ({"run": "./smoke https://shop.io/health"}, True),
        ({"run": "echo https://shop.io/health"}, False),
        ({"run": "curl -X POST https://shop.io/health"}, False),
        ({"run": "curl -sd '{}' https://shop.io/health"}, False),
        ({"run": "curl https://shop.io/"}, False),
    ],
)
def test_a_step_that_requests_an_address_is_known_by_it(data: dict[str, Any], expected: bool) -> None:
    assert asks(step(**data), "https://shop.io/health") is expected


def test_waiting_belongs_to_the_rollout_and_what_comes_before_does_not() -> None:
    runs = ["kubectl wait pod/x", "kubectl apply -f k8s", "true", "kubectl rollout status deployment/api", "./tell.sh"]
    assert end_of_rollout(job(*({"run": run} for run in runs))) == 4


def step(**data: Any) -> Step:
    return job(data).steps[0]


def job(*steps: dict[str, Any]) -> Job:
    document = YamlDocument.parse(SourceText(".github/workflows/ci.yml", f"jobs: {{deploy: {{steps: {list(steps)}}}}}"))
    return Workflow.of(document).jobs["deploy"]

"""Moderation service: classifies text by rules that a moderator can read, change and switch off."""

import re
from collections import Counter
from typing import Annotated, Literal

from fastapi import FastAPI, HTTPException, status
from pydantic import BaseModel, Field, field_validator

app = FastAPI(title="Moderation", version="1.4.0")

Decision = Literal["allow", "review", "block"]
Text = Annotated[str, Field(min_length=1, max_length=5000)]

REVIEW_FROM = 0.4
BLOCK_FROM = 0.8
# Below this many letters "OK" or "NO" would count as shouting.
SHOUTING_LETTERS = 12

LINK = re.compile(r"https?://\S+", re.IGNORECASE)
CONTACT = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+|\+?\d(?:[\s-]?\d){8,14}")
REPETITION = re.compile(r"(.)\1{5,}")


class Rule(BaseModel):
    words: list[str] = Field(min_length=1, max_length=200)
    weight: float = Field(gt=0, le=1)
    enabled: bool = True

    @field_validator("words")
    @classmethod
    def normalise(cls, words: list[str]) -> list[str]:
        cleaned = sorted({word.strip().lower() for word in words})
        if "" in cleaned:
            raise ValueError("a word must not be blank")
        return cleaned


class Submission(BaseModel):
    text: Text
    author_trust: float = Field(default=0.5, ge=0, le=1)


class Finding(BaseModel):
    rule: str
    weight: float
    evidence: str


class Verdict(BaseModel):
    decision: Decision
    score: float
    findings: list[Finding]


rules: dict[str, Rule] = {
    "insults": Rule(words=["idiot", "moron", "loser"], weight=0.5),
    "scams": Rule(words=["guaranteed profit", "wire transfer", "double your money"], weight=0.7),
}
decisions: Counter[str] = Counter()


def find_patterns(text: str) -> list[Finding]:
    findings = []
    links: list[str] = LINK.findall(text)
    if len(links) > 2:
        findings.append(Finding(rule="links", weight=min(0.2 * len(links), 1.0), evidence=f"{len(links)} links"))
    if contact := CONTACT.search(text):
        findings.append(Finding(rule="contact", weight=0.3, evidence=contact.group()))
    if repetition := REPETITION.search(text):
        findings.append(Finding(rule="repetition", weight=0.2, evidence=repetition.group()))
    letters = [char for char in text if char.isalpha()]
    if len(letters) >= SHOUTING_LETTERS and sum(char.isupper() for char in letters) / len(letters) > 0.7:
        findings.append(Finding(rule="shouting", weight=0.2, evidence="mostly capital letters"))
    return findings


def find_words(text: str) -> list[Finding]:
    return [
        Finding(rule=name, weight=rule.weight, evidence=word)
        for name, rule in sorted(rules.items())
        if rule.enabled
        for word in rule.words
        if re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE)
    ]


def judge(submission: Submission) -> Verdict:
    """Add up the findings; a trusted author gets up to a quarter off, an unknown one up to a quarter on top."""
    findings = find_words(submission.text) + find_patterns(submission.text)
    factor = 1.25 - submission.author_trust / 2
    score = min(round(sum(finding.weight for finding in findings) * factor, 4), 1.0)
    decision: Decision = "block" if score >= BLOCK_FROM else "review" if score >= REVIEW_FROM else "allow"
    decisions[decision] += 1
    return Verdict(decision=decision, score=score, findings=findings)


@app.get("/health")
def health() -> dict[str, str | int]:
    return {"status": "ok", "service": "moderation", "rules": len(rules)}


@app.post("/classify")
def classify(submission: Submission) -> Verdict:
    return judge(submission)


@app.post("/classify/batch")
def classify_batch(submissions: Annotated[list[Submission], Field(min_length=1, max_length=100)]) -> list[Verdict]:
    return [judge(submission) for submission in submissions]


@app.get("/rules")
def list_rules() -> dict[str, Rule]:
    return rules


@app.put("/rules/{name}")
def save_rule(name: Annotated[str, Field(pattern=r"^[a-z_]+$")], rule: Rule) -> Rule:
    if name in {"links", "contact", "repetition", "shouting"}:
        raise HTTPException(status.HTTP_409_CONFLICT, f"{name} is a built-in rule")
    rules[name] = rule
    return rule


@app.delete("/rules/{name}", status_code=status.HTTP_204_NO_CONTENT)
def remove_rule(name: str) -> None:
    if rules.pop(name, None) is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"there is no rule {name}")


@app.get("/stats")
def stats() -> dict[Decision, int]:
    return {"allow": decisions["allow"], "review": decisions["review"], "block": decisions["block"]}

import { db } from '../config/database';
import type { AssessmentKind, AssessmentResultRow, AssessmentRow, Question } from '../db/types';
import { ConflictError, ForbiddenError, NotFoundError, ValidationError } from '../utils/errors';

const MIN_ANSWER = 1;
const MAX_ANSWER = 5;
const RETAKE_AFTER_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;

export type Answers = Record<string, number>;
export type Scores = Record<string, number>;
export type Level = 'low' | 'balanced' | 'high';

export interface NewAssessment {
  title: string;
  kind: AssessmentKind;
  questions: Question[];
}

export interface DimensionSummary {
  dimension: string;
  score: number;
  level: Level;
}

/** Scores run from 0 to 100 per dimension: the mean answer, reversed questions counted backwards. */
export function scoreAnswers(questions: Question[], answers: Answers): Scores {
  const totals = new Map<string, { sum: number; count: number }>();
  for (const question of questions) {
    const answer = answers[question.id];
    const value = question.reversed ? MIN_ANSWER + MAX_ANSWER - answer : answer;
    const total = totals.get(question.dimension) ?? { sum: 0, count: 0 };
    totals.set(question.dimension, { sum: total.sum + value, count: total.count + 1 });
  }
  const scores: Scores = {};
  for (const [dimension, { sum, count }] of totals) {
    scores[dimension] = Math.round(((sum / count - MIN_ANSWER) / (MAX_ANSWER - MIN_ANSWER)) * 100);
  }
  return scores;
}

export function levelOf(score: number): Level {
  if (score < 35) return 'low';
  return score > 65 ? 'high' : 'balanced';
}

export function checkAnswers(questions: Question[], answers: Answers): Record<string, string> {
  const problems: Record<string, string> = {};
  const known = new Set(questions.map((question) => question.id));
  for (const id of known) {
    const answer = answers[id];
    if (answer === undefined) problems[id] = 'unanswered';
    else if (!Number.isInteger(answer) || answer < MIN_ANSWER || answer > MAX_ANSWER) {
      problems[id] = `must be a whole number from ${MIN_ANSWER} to ${MAX_ANSWER}`;
    }
  }
  for (const id of Object.keys(answers)) {
    if (!known.has(id)) problems[id] = 'unknown question';
  }
  return problems;
}

export async function createAssessment(
  authorId: string,
  { title, kind, questions }: NewAssessment,
): Promise<AssessmentRow> {
  if (questions.length === 0) throw new ValidationError('An assessment needs questions');
  const ids = new Set(questions.map((question) => question.id));
  if (ids.size !== questions.length) throw new ValidationError('Question ids must be unique');

  const [assessment] = await db<AssessmentRow>('assessments')
    .insert({
      title: title.trim(),
      kind,
      questions: JSON.stringify(questions) as never,
      author_id: authorId,
    })
    .returning('*');
  return assessment;
}

export async function publishAssessment(id: string, userId: string): Promise<AssessmentRow> {
  const assessment = await findAssessment(id);
  if (assessment.author_id !== userId) throw new ForbiddenError('Only the author can publish');
  if (assessment.published_at) return assessment;
  const [published] = await db<AssessmentRow>('assessments')
    .where({ id })
    .update({ published_at: new Date() })
    .returning('*');
  return published;
}

export async function submitAnswers(
  assessmentId: string,
  userId: string,
  answers: Answers,
): Promise<DimensionSummary[]> {
  const assessment = await findAssessment(assessmentId);
  if (!assessment.published_at) throw new NotFoundError('Assessment');

  const problems = checkAnswers(assessment.questions, answers);
  if (Object.keys(problems).length > 0) {
    throw new ValidationError('Some answers are not valid', problems);
  }
  const previous = await db<AssessmentResultRow>('assessment_results')
    .where({ assessment_id: assessmentId, user_id: userId })
    .orderBy('completed_at', 'desc')
    .first();
  if (previous && Date.now() - previous.completed_at.getTime() < RETAKE_AFTER_DAYS * DAY_MS) {
    throw new ConflictError(
      `You can take this again ${RETAKE_AFTER_DAYS} days after the last time`,
    );
  }

  const scores = scoreAnswers(assessment.questions, answers);
  await db<AssessmentResultRow>('assessment_results').insert({
    assessment_id: assessmentId,
    user_id: userId,
    answers: JSON.stringify(answers) as never,
    scores: JSON.stringify(scores) as never,
  });
  return summarize(scores);
}

/** The latest scores of a person over all assessments; a later result wins per dimension. */
export async function getProfileScores(userId: string): Promise<Scores> {
  const results = await db<AssessmentResultRow>('assessment_results')
    .where({ user_id: userId })
    .orderBy('completed_at', 'asc');
  return Object.assign({}, ...results.map((result) => result.scores));
}

export async function findAssessment(id: string): Promise<AssessmentRow> {
  const assessment = await db<AssessmentRow>('assessments').where({ id }).first();
  if (!assessment) throw new NotFoundError('Assessment');
  return assessment;
}

export function summarize(scores: Scores): DimensionSummary[] {
  return Object.entries(scores)
    .map(([dimension, score]) => ({ dimension, score, level: levelOf(score) }))
    .sort((a, b) => b.score - a.score || a.dimension.localeCompare(b.dimension));
}

import type { Redis } from 'ioredis';
import type { Knex } from 'knex';
import type { BlockRow, MatchRow, MatchStatus, UserRow } from '../db/types';
import { ConflictError, NotFoundError } from '../utils/errors';
import { type Scores, getProfileScores } from './assessment.service';
import type { NotificationService } from './notification.service';
import type { TrustService } from './trust.service';

const CACHE_SECONDS = 10 * 60;
const CANDIDATE_POOL = 50;
const MIN_SCORE = 0.25;
const REMOTE_TIMEOUT_MS = 2_000;

/** What each aspect counts; an aspect nothing is known about is left out of the mean. */
const WEIGHTS = { profile: 0.4, interests: 0.25, trust: 0.2, exchange: 0.15 };

export type Aspect = keyof typeof WEIGHTS;
export type Aspects = Record<Aspect, number | null>;

export interface Suggestion {
  userId: string;
  displayName: string;
  score: number;
  sharedInterests: string[];
}

export class MatchingService {
  constructor(
    private readonly db: Knex,
    private readonly redis: Redis,
    private readonly trust: TrustService,
    private readonly notifications: NotificationService,
    private readonly serviceUrl: string | null = null,
  ) {}

  async suggest(userId: string, limit = 10): Promise<Suggestion[]> {
    const cacheKey = `suggestions:${userId}`;
    const cached = await this.redis.get(cacheKey);
    if (cached) return (JSON.parse(cached) as Suggestion[]).slice(0, limit);

    const user = await this.db<UserRow>('users').where({ id: userId, status: 'active' }).first();
    if (!user) throw new NotFoundError('User');
    const [candidates, scores, exchange] = await Promise.all([
      this.candidatesFor(userId),
      getProfileScores(userId),
      this.exchangeScores(userId),
    ]);

    const suggestions: Suggestion[] = [];
    for (const candidate of candidates) {
      const { score: trust } = await this.trust.getScore(candidate.id);
      const score = combine({
        profile: similarity(scores, await getProfileScores(candidate.id)),
        interests: overlap(user.interests, candidate.interests),
        trust: trust / 100,
        exchange: exchange.get(candidate.id) ?? null,
      });
      if (score < MIN_SCORE) continue;
      suggestions.push({
        userId: candidate.id,
        displayName: candidate.display_name,
        score,
        sharedInterests: user.interests.filter((one) => candidate.interests.includes(one)),
      });
    }
    suggestions.sort((a, b) => b.score - a.score || a.userId.localeCompare(b.userId));
    await this.redis.set(cacheKey, JSON.stringify(suggestions), 'EX', CACHE_SECONDS);
    return suggestions.slice(0, limit);
  }

  /** Two people who accept each other are connected; a decline is final. */
  async respond(
    userId: string,
    candidateId: string,
    answer: 'accepted' | 'declined',
  ): Promise<MatchStatus> {
    if (userId === candidateId) throw new ConflictError('You cannot match yourself');
    const own = await this.findMatch(userId, candidateId);
    if (own) throw new ConflictError(`You have already answered: ${own.status}`);
    const other = await this.findMatch(candidateId, userId);
    const mutual = answer === 'accepted' && other?.status === 'accepted';
    const status: MatchStatus = mutual ? 'connected' : answer;

    await this.db<MatchRow>('matches').insert({
      user_id: userId,
      candidate_id: candidateId,
      status,
    });
    if (mutual) {
      await this.db<MatchRow>('matches').where({ id: other.id }).update({ status: 'connected' });
      await this.notifications.notify(candidateId, 'match', { userId });
    }
    await this.redis.del(`suggestions:${userId}`);
    return status;
  }

  private findMatch(userId: string, candidateId: string): Promise<MatchRow | undefined> {
    return this.db<MatchRow>('matches')
      .where({ user_id: userId, candidate_id: candidateId })
      .first();
  }

  private candidatesFor(userId: string): Promise<UserRow[]> {
    const blockedByUser = this.db<BlockRow>('blocks').where({ blocker_id: userId });
    const blockersOfUser = this.db<BlockRow>('blocks').where({ blocked_id: userId });
    const answered = this.db<MatchRow>('matches').where({ user_id: userId });
    return this.db<UserRow>('users')
      .where({ status: 'active' })
      .whereNot({ id: userId })
      .whereNotIn('id', blockedByUser.select('blocked_id'))
      .whereNotIn('id', blockersOfUser.select('blocker_id'))
      .whereNotIn('id', answered.select('candidate_id'))
      .orderBy('last_seen_at', 'desc', 'last')
      .limit(CANDIDATE_POOL);
  }

  /** What the matching service knows about skills and free hours; nothing when it is away. */
  private async exchangeScores(userId: string): Promise<Map<string, number>> {
    if (!this.serviceUrl) return new Map();
    try {
      const response = await fetch(
        `${this.serviceUrl}/members/${userId}/matches?limit=${CANDIDATE_POOL}&minimum=0`,
        { signal: AbortSignal.timeout(REMOTE_TIMEOUT_MS) },
      );
      if (!response.ok) return new Map();
      const matches = (await response.json()) as { member_id: string; score: { total: number } }[];
      return new Map(matches.map((match) => [match.member_id, match.score.total]));
    } catch {
      return new Map();
    }
  }
}

/** 1 for equal scores, 0 for opposite ones, null without a dimension in common. */
export function similarity(first: Scores, second: Scores): number | null {
  const shared = Object.keys(first).filter((dimension) => dimension in second);
  if (shared.length === 0) return null;
  const distance = shared.reduce((sum, key) => sum + Math.abs(first[key] - second[key]), 0);
  return 1 - distance / (shared.length * 100);
}

/** The Jaccard index of two lists; null when both are empty. */
export function overlap(first: string[], second: string[]): number | null {
  const union = new Set([...first, ...second]);
  if (union.size === 0) return null;
  return first.filter((one) => second.includes(one)).length / union.size;
}

export function combine(aspects: Aspects): number {
  let sum = 0;
  let weights = 0;
  for (const aspect of Object.keys(WEIGHTS) as Aspect[]) {
    const value = aspects[aspect];
    if (value === null) continue;
    sum += WEIGHTS[aspect] * value;
    weights += WEIGHTS[aspect];
  }
  return weights === 0 ? 0 : Math.round((sum / weights) * 1000) / 1000;
}

import type { Knex } from 'knex';
import type { TrustEventKind, TrustEventRow } from '../db/types';
import { ConflictError, ForbiddenError, ValidationError } from '../utils/errors';

export type TrustTier = 'new' | 'basic' | 'trusted' | 'veteran';

export interface TrustScore {
  score: number;
  tier: TrustTier;
}

type ScoredEvent = Pick<TrustEventRow, 'kind' | 'created_at'>;

const DAY_MS = 24 * 60 * 60 * 1000;
const BASE_SCORE = 20;
const MAX_VOUCHES_PER_MONTH = 5;

const WEIGHTS: Record<TrustEventKind, number> = {
  email_verified: 15,
  assessment_completed: 10,
  vouch_received: 12,
  message_reported: -4,
  report_upheld: -25,
};

/** Good deeds count at most this often: nobody becomes a veteran by vouches of friends alone. */
const CAPS: Partial<Record<TrustEventKind, number>> = {
  email_verified: 1,
  assessment_completed: 2,
  vouch_received: 4,
};

/** Bad events fade: they weigh half after this many days. Good ones stay. */
const HALF_LIFE_DAYS = 90;

export class TrustService {
  constructor(private readonly db: Knex) {}

  async getScore(userId: string): Promise<TrustScore> {
    const events = await this.db<TrustEventRow>('trust_events')
      .where({ user_id: userId })
      .select('kind', 'created_at');
    const score = calculateScore(events, new Date());
    return { score, tier: tierOf(score) };
  }

  async record(userId: string, kind: TrustEventKind, actorId: string | null = null): Promise<void> {
    await this.db<TrustEventRow>('trust_events').insert({
      user_id: userId,
      kind,
      actor_id: actorId,
    });
  }

  /** Lets a trusted member stand up for another one, once per pair. */
  async vouch(voucherId: string, userId: string): Promise<TrustScore> {
    if (voucherId === userId) throw new ValidationError('You cannot vouch for yourself');

    const { tier } = await this.getScore(voucherId);
    if (tier !== 'trusted' && tier !== 'veteran') {
      throw new ForbiddenError('Only trusted members can vouch for others');
    }
    const given = await this.db<TrustEventRow>('trust_events')
      .where({ actor_id: voucherId, kind: 'vouch_received' })
      .select('user_id', 'created_at');
    if (given.some((vouch) => vouch.user_id === userId)) {
      throw new ConflictError('You have already vouched for this member');
    }
    const monthAgo = Date.now() - 30 * DAY_MS;
    const recent = given.filter((vouch) => vouch.created_at.getTime() > monthAgo);
    if (recent.length >= MAX_VOUCHES_PER_MONTH) {
      throw new ForbiddenError(`You can vouch for ${MAX_VOUCHES_PER_MONTH} members a month`);
    }

    await this.record(userId, 'vouch_received', voucherId);
    return this.getScore(userId);
  }
}

export function calculateScore(events: ScoredEvent[], now: Date): number {
  const counts = new Map<TrustEventKind, number>();
  let score = BASE_SCORE;
  for (const { kind, created_at } of events) {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    if (count > (CAPS[kind] ?? Infinity)) continue;

    const weight = WEIGHTS[kind];
    const ageDays = Math.max(0, now.getTime() - created_at.getTime()) / DAY_MS;
    score += weight < 0 ? weight * 0.5 ** (ageDays / HALF_LIFE_DAYS) : weight;
  }
  return Math.round(Math.min(100, Math.max(0, score)));
}

export function tierOf(score: number): TrustTier {
  if (score >= 80) return 'veteran';
  if (score >= 50) return 'trusted';
  if (score >= 30) return 'basic';
  return 'new';
}

import type { Knex } from 'knex';
import type { TrustEventKind, TrustEventRow } from '../../db/types';
import { TrustService, calculateScore, tierOf } from '../trust.service';

const NOW = new Date('2025-06-01T12:00:00Z');
const DAY_MS = 24 * 60 * 60 * 1000;

function event(kind: TrustEventKind, daysAgo = 0) {
  return { kind, created_at: new Date(NOW.getTime() - daysAgo * DAY_MS) };
}

/** Answers queries on `trust_events` from a list of rows, and keeps what is inserted. */
function fakeDatabase(rows: Partial<TrustEventRow>[]) {
  const query = (filter: Partial<TrustEventRow> = {}) => ({
    where: (more: Partial<TrustEventRow>) => query({ ...filter, ...more }),
    select: async () =>
      rows.filter((row) =>
        Object.entries(filter).every(([key, value]) => row[key as keyof TrustEventRow] === value),
      ),
    insert: async (row: Partial<TrustEventRow>) => {
      rows.push({ created_at: new Date(), ...row });
    },
  });
  return (() => query()) as unknown as Knex;
}

describe('calculateScore', () => {
  it('starts everybody at 20', () => {
    expect(calculateScore([], NOW)).toBe(20);
  });

  it('counts vouches four times at most', () => {
    const vouches = Array.from({ length: 10 }, () => event('vouch_received'));
    expect(calculateScore(vouches, NOW)).toBe(20 + 4 * 12);
  });

  it('halves the weight of an upheld report after 90 days', () => {
    const verified = event('email_verified', 200);
    expect(calculateScore([verified, event('report_upheld')], NOW)).toBe(10);
    expect(calculateScore([verified, event('report_upheld', 90)], NOW)).toBe(23);
  });

  it('never leaves the range from 0 to 100', () => {
    const reports = Array.from({ length: 5 }, () => event('report_upheld'));
    expect(calculateScore(reports, NOW)).toBe(0);
  });
});

describe('tierOf', () => {
  it.each([
    [29, 'new'],
    [30, 'basic'],
    [50, 'trusted'],
    [79, 'trusted'],
    [80, 'veteran'],
  ])('maps %i to %s', (score, tier) => {
    expect(tierOf(score)).toBe(tier);
  });
});

describe('TrustService.vouch', () => {
  const trusted = (['email_verified', 'assessment_completed', 'vouch_received'] as const).map(
    (kind) => ({ user_id: 'ada', actor_id: null, ...event(kind, 400) }),
  );

  it('refuses a voucher who is not trusted yet', async () => {
    const service = new TrustService(fakeDatabase([]));
    await expect(service.vouch('ada', 'bob')).rejects.toThrow('Only trusted members');
  });

  it('raises the score of the other member', async () => {
    const service = new TrustService(fakeDatabase([...trusted]));
    await expect(service.vouch('ada', 'bob')).resolves.toEqual({ score: 32, tier: 'basic' });
  });

  it('accepts one vouch per pair', async () => {
    const service = new TrustService(fakeDatabase([...trusted]));
    await service.vouch('ada', 'bob');
    await expect(service.vouch('ada', 'bob')).rejects.toMatchObject({ statusCode: 409 });
  });

  it('refuses a vouch for oneself', async () => {
    const service = new TrustService(fakeDatabase([...trusted]));
    await expect(service.vouch('ada', 'ada')).rejects.toMatchObject({ statusCode: 400 });
  });
});

import { db } from '../config/database';
import type { CommunityRow, UserRow } from '../db/types';
import { ValidationError } from '../utils/errors';

const MIN_QUERY_LENGTH = 2;
const MAX_QUERY_LENGTH = 100;
const CANDIDATES = 200;

export interface MemberHit {
  id: string;
  displayName: string;
  interests: string[];
  relevance: number;
}

export interface CommunityHit {
  id: string;
  slug: string;
  name: string;
  relevance: number;
}

export interface SearchOptions {
  limit?: number;
  /** Only members who share all of these. */
  interests?: string[];
}

export async function searchMembers(
  query: string,
  viewerId: string,
  { limit = 20, interests = [] }: SearchOptions = {},
): Promise<MemberHit[]> {
  const term = cleanQuery(query);
  const rows = await db<UserRow>('users')
    .where({ status: 'active' })
    .whereNot({ id: viewerId })
    .where((builder) => {
      builder
        .whereILike('display_name', likePattern(term))
        .orWhereRaw('interests::text ilike ?', [likePattern(term)]);
    })
    .whereNotIn('id', db('blocks').select('blocker_id').where({ blocked_id: viewerId }))
    .limit(CANDIDATES);

  const wanted = interests.map((interest) => interest.toLowerCase());
  return rows
    .filter((row) => wanted.every((interest) => row.interests.includes(interest)))
    .map((row) => ({
      id: row.id,
      displayName: row.display_name,
      interests: row.interests,
      relevance: relevance(term, row.display_name, row.interests),
    }))
    .sort((a, b) => b.relevance - a.relevance || a.displayName.localeCompare(b.displayName))
    .slice(0, limit);
}

export async function searchCommunities(query: string, limit = 20): Promise<CommunityHit[]> {
  const term = cleanQuery(query);
  const rows = await db<CommunityRow>('communities')
    .where({ visibility: 'public' })
    .where((builder) => {
      builder.whereILike('name', likePattern(term)).orWhereILike('description', likePattern(term));
    })
    .limit(CANDIDATES);
  return rows
    .map(({ id, slug, name, description }) => ({
      id,
      slug,
      name,
      relevance: relevance(term, name, description ? description.split(/\W+/) : []),
    }))
    .sort((a, b) => b.relevance - a.relevance || a.name.localeCompare(b.name))
    .slice(0, limit);
}

/** 100 for the exact title, less for a prefix, a word's beginning, any part, and keywords only. */
export function relevance(term: string, title: string, keywords: string[]): number {
  const needle = term.toLowerCase();
  const haystack = title.toLowerCase();
  if (haystack === needle) return 100;
  if (haystack.startsWith(needle)) return 80;
  if (haystack.split(/\s+/).some((word) => word.startsWith(needle))) return 60;
  if (haystack.includes(needle)) return 40;
  return keywords.some((keyword) => keyword.toLowerCase() === needle) ? 30 : 10;
}

export function cleanQuery(query: string): string {
  const term = query.trim().replace(/\s+/g, ' ');
  if (term.length < MIN_QUERY_LENGTH) {
    throw new ValidationError(`Search for at least ${MIN_QUERY_LENGTH} characters`, { q: 'short' });
  }
  return term.slice(0, MAX_QUERY_LENGTH);
}

/** `%` and `_` typed by a person mean themselves. */
export function likePattern(term: string): string {
  return `%${term.replace(/[\\%_]/g, (character) => `\\${character}`)}%`;
}

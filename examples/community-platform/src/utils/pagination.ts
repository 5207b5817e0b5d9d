import { ValidationError } from './errors';

export const DEFAULT_LIMIT = 20;
export const MAX_LIMIT = 100;

export interface PageRequest {
  limit: number;
  cursor: Cursor | null;
}

/** Where the next page begins: the sort position of the last row seen, its id as a tie-break. */
export interface Cursor {
  createdAt: string;
  id: string;
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export interface PageQuery {
  limit?: string | number;
  cursor?: string;
}

export function parsePage(query: PageQuery): PageRequest {
  const limit = query.limit === undefined ? DEFAULT_LIMIT : Number(query.limit);
  if (!Number.isInteger(limit) || limit < 1) {
    throw new ValidationError('limit must be a positive whole number', { limit: 'invalid' });
  }
  return {
    limit: Math.min(limit, MAX_LIMIT),
    cursor: query.cursor ? decodeCursor(query.cursor) : null,
  };
}

/** Expects one row more than the limit: its presence is how we know that there is a next page. */
export function buildPage<T extends { id: string; created_at: Date }>(
  rows: T[],
  limit: number,
): Page<T> {
  const items = rows.slice(0, limit);
  const last = items[items.length - 1];
  const nextCursor =
    rows.length > limit && last
      ? encodeCursor({ createdAt: last.created_at.toISOString(), id: last.id })
      : null;
  return { items, nextCursor };
}

export function encodeCursor(cursor: Cursor): string {
  return Buffer.from(`${cursor.createdAt}|${cursor.id}`, 'utf8').toString('base64url');
}

export function decodeCursor(text: string): Cursor {
  const [createdAt, id, ...rest] = Buffer.from(text, 'base64url').toString('utf8').split('|');
  if (!id || rest.length > 0 || Number.isNaN(Date.parse(createdAt))) {
    throw new ValidationError('cursor is not valid', { cursor: 'invalid' });
  }
  return { createdAt, id };
}

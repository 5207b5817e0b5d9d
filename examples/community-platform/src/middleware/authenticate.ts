import type { FastifyRequest } from 'fastify';
import type { UserRole } from '../db/types';
import { ForbiddenError, UnauthorizedError } from '../utils/errors';
import { type AccessClaims, bearerToken, verifyAccessToken } from '../utils/jwt';

declare module 'fastify' {
  interface FastifyRequest {
    user?: AccessClaims;
  }
}

const RANKS: Record<UserRole, number> = { member: 0, moderator: 1, admin: 2 };

export async function authenticate(request: FastifyRequest): Promise<void> {
  const token = bearerToken(request.headers.authorization);
  if (!token) throw new UnauthorizedError();
  request.user = verifyAccessToken(token);
}

/** A preHandler for routes that need at least this role; it authenticates first. */
export function requireRole(role: UserRole) {
  return async (request: FastifyRequest): Promise<void> => {
    await authenticate(request);
    if (RANKS[currentUser(request).role] < RANKS[role]) {
      throw new ForbiddenError(`This needs the role ${role}`);
    }
  };
}

export function currentUser(request: FastifyRequest): AccessClaims {
  if (!request.user) throw new UnauthorizedError();
  return request.user;
}

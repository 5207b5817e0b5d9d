import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { env } from '../config/env';
import type { UserRole } from '../db/types';
import { UnauthorizedError } from './errors';

const ISSUER = 'community-platform';
const ACCESS_TTL_SECONDS = 15 * 60;
export const REFRESH_TTL_SECONDS = 30 * 24 * 60 * 60;

export interface AccessClaims {
  userId: string;
  role: UserRole;
}

export interface RefreshClaims {
  userId: string;
  tokenId: string;
}

export function signAccessToken(claims: AccessClaims): string {
  return jwt.sign({ role: claims.role, use: 'access' }, env.jwtSecret, {
    subject: claims.userId,
    issuer: ISSUER,
    expiresIn: ACCESS_TTL_SECONDS,
  });
}

/** The token id is what the server remembers: forgetting it revokes the token. */
export function signRefreshToken(userId: string): { token: string; tokenId: string } {
  const tokenId = randomUUID();
  const token = jwt.sign({ use: 'refresh' }, env.jwtSecret, {
    subject: userId,
    issuer: ISSUER,
    jwtid: tokenId,
    expiresIn: REFRESH_TTL_SECONDS,
  });
  return { token, tokenId };
}

export function verifyAccessToken(token: string): AccessClaims {
  const payload = verify(token, 'access');
  return { userId: payload.sub as string, role: payload.role as UserRole };
}

export function verifyRefreshToken(token: string): RefreshClaims {
  const payload = verify(token, 'refresh');
  if (!payload.jti) throw new UnauthorizedError('Token has no id');
  return { userId: payload.sub as string, tokenId: payload.jti };
}

/** Reads the token of an `Authorization: Bearer ...` header; null when there is none. */
export function bearerToken(header: string | undefined): string | null {
  if (!header) return null;
  const [scheme, token, ...rest] = header.trim().split(/\s+/);
  return scheme.toLowerCase() === 'bearer' && token && rest.length === 0 ? token : null;
}

function verify(token: string, use: 'access' | 'refresh'): jwt.JwtPayload {
  let payload: jwt.JwtPayload | string;
  try {
    payload = jwt.verify(token, env.jwtSecret, { issuer: ISSUER, algorithms: ['HS256'] });
  } catch (error) {
    throw new UnauthorizedError(
      error instanceof jwt.TokenExpiredError ? 'Token has expired' : 'Token is invalid',
    );
  }
  if (typeof payload === 'string' || !payload.sub || payload.use !== use) {
    throw new UnauthorizedError(`Not a valid ${use} token`);
  }
  return payload;
}

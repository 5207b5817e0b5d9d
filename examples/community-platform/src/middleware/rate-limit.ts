import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Redis } from 'ioredis';
import { TooManyRequestsError } from '../utils/errors';
import { bearerToken, verifyAccessToken } from '../utils/jwt';

const WINDOW_SECONDS = 60;

export interface RateLimitOptions {
  redis: Pick<Redis, 'incr' | 'expire' | 'ttl'>;
  limit: number;
  /** Paths that are never counted, such as health checks. */
  exempt?: string[];
}

/** Counts requests per person, or per address before login, in windows of a minute. */
export function createRateLimit({ redis, limit, exempt = [] }: RateLimitOptions) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (exempt.some((path) => request.url === path || request.url.startsWith(`${path}/`))) return;

    const key = `rate:${clientKey(request)}`;
    let count: number;
    try {
      count = await redis.incr(key);
      if (count === 1) await redis.expire(key, WINDOW_SECONDS);
    } catch (error) {
      // Without Redis nobody is counted: better an open door than a closed shop.
      request.log.warn({ err: error }, 'rate limit is off: redis does not answer');
      return;
    }
    reply.header('x-ratelimit-limit', limit);
    reply.header('x-ratelimit-remaining', Math.max(0, limit - count));
    if (count > limit) {
      const seconds = await redis.ttl(key);
      throw new TooManyRequestsError(seconds > 0 ? seconds : WINDOW_SECONDS);
    }
  };
}

export function clientKey(request: Pick<FastifyRequest, 'headers' | 'ip'>): string {
  const token = bearerToken(request.headers.authorization);
  if (!token) return `ip:${request.ip}`;
  try {
    return `user:${verifyAccessToken(token).userId}`;
  } catch {
    return `ip:${request.ip}`;
  }
}

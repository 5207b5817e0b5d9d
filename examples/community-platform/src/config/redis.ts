import Redis, { type RedisOptions } from 'ioredis';
import { env } from './env';

const FIRST_DELAY_MS = 50;
const MAX_DELAY_MS = 1_000;

/** Delay before reconnection number `attempt`. It never gives up: Redis may be away for hours. */
export function reconnectDelay(attempt: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** (attempt - 1), MAX_DELAY_MS);
}

export function createRedisOptions(url: string): RedisOptions {
  const { protocol } = new URL(url);
  if (protocol !== 'redis:' && protocol !== 'rediss:') {
    throw new Error(`REDIS_URL must start with redis:// or rediss://, not ${protocol}//`);
  }
  return {
    lazyConnect: true,
    keyPrefix: 'community:',
    maxRetriesPerRequest: 1,
    retryStrategy: reconnectDelay,
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

export const redis = new Redis(env.redisUrl, createRedisOptions(env.redisUrl));

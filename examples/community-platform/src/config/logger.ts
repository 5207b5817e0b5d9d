import type { FastifyServerOptions } from 'fastify';
import type { Env } from './env';

const SENSITIVE_PATHS = [
  'req.headers.authorization',
  'req.headers.cookie',
  'body.password',
  'body.refreshToken',
];

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

export function createLoggerOptions(
  env: Pick<Env, 'nodeEnv' | 'logLevel'>,
): FastifyServerOptions['logger'] {
  if (env.nodeEnv === 'test') return false;
  const level = env.logLevel.toLowerCase();
  return {
    level: LEVELS.includes(level) ? level : 'info',
    redact: { paths: SENSITIVE_PATHS, censor: '[redacted]' },
    base: env.nodeEnv === 'production' ? { service: 'community-platform' } : null,
  };
}

export type NodeEnv = 'development' | 'test' | 'production';

export interface Env {
  nodeEnv: NodeEnv;
  host: string;
  port: number;
  logLevel: string;
  databaseUrl: string;
  redisUrl: string;
  jwtSecret: string;
  matchingUrl: string | null;
  moderationUrl: string | null;
  rateLimitPerMinute: number;
}

const NODE_ENVS: readonly NodeEnv[] = ['development', 'test', 'production'];
const MIN_SECRET_LENGTH = 32;

/** Reads and checks the whole environment at once, so that one start names every problem. */
export function loadEnv(source: NodeJS.ProcessEnv): Env {
  const problems: string[] = [];

  const required = (name: string): string => {
    const value = source[name]?.trim();
    if (!value) problems.push(`${name} is missing`);
    return value ?? '';
  };
  const integer = (name: string, fallback: number, min: number, max: number): number => {
    const text = source[name]?.trim();
    if (!text) return fallback;
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max) {
      problems.push(`${name} must be a whole number from ${min} to ${max}`);
    }
    return value;
  };
  const optionalUrl = (name: string): string | null => {
    const value = source[name]?.trim();
    if (!value) return null;
    if (!/^https?:\/\//.test(value)) problems.push(`${name} must be an http(s) URL`);
    return value.replace(/\/+$/, '');
  };

  const nodeEnv = (source.NODE_ENV ?? 'development') as NodeEnv;
  if (!NODE_ENVS.includes(nodeEnv)) {
    problems.push(`NODE_ENV must be one of ${NODE_ENVS.join(', ')}`);
  }
  const env: Env = {
    nodeEnv,
    host: source.HOST?.trim() || '0.0.0.0',
    port: integer('PORT', 3000, 1, 65535),
    logLevel: source.LOG_LEVEL?.trim() || (nodeEnv === 'production' ? 'info' : 'debug'),
    databaseUrl: required('DATABASE_URL'),
    redisUrl: required('REDIS_URL'),
    jwtSecret: required('JWT_SECRET'),
    matchingUrl: optionalUrl('MATCHING_URL'),
    moderationUrl: optionalUrl('MODERATION_URL'),
    rateLimitPerMinute: integer('RATE_LIMIT_PER_MINUTE', 120, 1, 100_000),
  };
  if (nodeEnv === 'production' && env.jwtSecret && env.jwtSecret.length < MIN_SECRET_LENGTH) {
    problems.push(`JWT_SECRET must have at least ${MIN_SECRET_LENGTH} characters in production`);
  }
  if (problems.length > 0) {
    throw new Error(`Invalid environment:\n  ${problems.join('\n  ')}`);
  }
  return env;
}

export const env = loadEnv(process.env);

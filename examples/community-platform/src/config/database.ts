import path from 'node:path';
import createKnex, { type Knex } from 'knex';
import { env, type Env } from './env';

type DatabaseEnv = Pick<Env, 'databaseUrl' | 'nodeEnv'>;

const POOL_SIZES: Record<Env['nodeEnv'], { min: number; max: number }> = {
  development: { min: 0, max: 5 },
  test: { min: 0, max: 2 },
  production: { min: 2, max: 20 },
};

export function createDatabaseConfig({ databaseUrl, nodeEnv }: DatabaseEnv): Knex.Config {
  // Hosted databases demand TLS; the ones on a developer's machine rarely speak it.
  const useTls = nodeEnv === 'production' && !/[?&]sslmode=disable\b/.test(databaseUrl);
  return {
    client: 'pg',
    connection: {
      connectionString: databaseUrl,
      ssl: useTls ? { rejectUnauthorized: true } : false,
      application_name: `community-platform-${nodeEnv}`,
    },
    pool: POOL_SIZES[nodeEnv],
    acquireConnectionTimeout: 10_000,
    migrations: {
      directory: path.join(__dirname, '../db/migrations'),
      // The same file runs as TypeScript in development and as JavaScript in the image.
      extension: 'ts',
      loadExtensions: [path.extname(__filename)],
    },
  };
}

/** The one connection pool of the process; it connects with the first query. */
export const db: Knex = createKnex(createDatabaseConfig(env));

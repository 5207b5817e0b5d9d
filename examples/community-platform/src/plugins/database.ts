import fp from 'fastify-plugin';
import type { Knex } from 'knex';

declare module 'fastify' {
  interface FastifyInstance {
    db: Knex;
    pingDatabase(): Promise<void>;
  }
}

export interface DatabasePluginOptions {
  db: Knex;
  /** Whoever passes a pool of their own closes it themselves. */
  closeWithApp?: boolean;
  pingTimeoutMs?: number;
}

export default fp<DatabasePluginOptions>(
  async (app, { db, closeWithApp = true, pingTimeoutMs = 2_000 }) => {
    app.decorate('db', db);
    app.decorate('pingDatabase', async () => {
      await db.raw('select 1').timeout(pingTimeoutMs);
    });
    app.addHook('onClose', async () => {
      if (closeWithApp) await db.destroy();
    });
  },
  { name: 'database' },
);

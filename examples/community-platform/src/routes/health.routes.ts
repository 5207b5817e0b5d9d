import type { FastifyPluginAsync } from 'fastify';

export type DependencyStatus = 'up' | 'down';

const healthRoutes: FastifyPluginAsync = async (app) => {
  /** Liveness: the process answers. Says nothing about what it depends on. */
  app.get('/', async () => ({ status: 'ok', uptimeSeconds: Math.floor(process.uptime()) }));

  /** Readiness: traffic may come. Without Redis nobody can log in, but reading goes on. */
  app.get('/ready', async (request, reply) => {
    const [database, redis] = await Promise.all([
      probe(() => app.pingDatabase()),
      probe(() => app.redis.ping()),
    ]);
    if (database === 'down' || redis === 'down') request.log.warn({ database, redis }, 'degraded');
    const status = database === 'down' ? 'unavailable' : redis === 'down' ? 'degraded' : 'ready';
    return reply.status(status === 'unavailable' ? 503 : 200).send({ status, database, redis });
  });
};

export default healthRoutes;

async function probe(check: () => Promise<unknown>): Promise<DependencyStatus> {
  try {
    await check();
    return 'up';
  } catch {
    return 'down';
  }
}

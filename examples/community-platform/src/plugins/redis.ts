import fp from 'fastify-plugin';
import type { Redis } from 'ioredis';

declare module 'fastify' {
  interface FastifyInstance {
    redis: Redis;
  }
}

export interface RedisPluginOptions {
  redis: Redis;
  closeWithApp?: boolean;
}

export default fp<RedisPluginOptions>(
  async (app, { redis, closeWithApp = true }) => {
    app.decorate('redis', redis);
    // Without a listener every lost connection would end the process.
    redis.on('error', (error: Error) => app.log.warn({ err: error }, 'redis connection failed'));
    app.addHook('onClose', async () => {
      if (!closeWithApp) return;
      // `quit` would wait for a connection that was never opened.
      if (redis.status === 'ready') await redis.quit();
      else redis.disconnect();
    });
  },
  { name: 'redis' },
);

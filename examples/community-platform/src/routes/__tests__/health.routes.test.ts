import Fastify from 'fastify';
import type { Redis } from 'ioredis';
import healthRoutes from '../health.routes';

function buildServer(database: () => Promise<void>, redis: () => Promise<string>) {
  const app = Fastify();
  app.decorate('pingDatabase', database);
  app.decorate('redis', { ping: redis } as unknown as Redis);
  app.register(healthRoutes, { prefix: '/health' });
  return app;
}

const up = async () => undefined;
const pong = async () => 'PONG';
const down = async () => {
  throw new Error('connection refused');
};

describe('GET /health', () => {
  it('answers even when every dependency is down', async () => {
    const response = await buildServer(down, down).inject('/health');
    expect(response.statusCode).toBe(200);
    expect(response.json()).toMatchObject({ status: 'ok' });
  });
});

describe('GET /health/ready', () => {
  it('is ready when both dependencies answer', async () => {
    const response = await buildServer(up, pong).inject('/health/ready');
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({ status: 'ready', database: 'up', redis: 'up' });
  });

  it('stays in service without redis', async () => {
    const response = await buildServer(up, down).inject('/health/ready');
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({ status: 'degraded', database: 'up', redis: 'down' });
  });

  it('takes itself out of service without the database', async () => {
    const response = await buildServer(down, pong).inject('/health/ready');
    expect(response.statusCode).toBe(503);
    expect(response.json()).toMatchObject({ status: 'unavailable' });
  });
});

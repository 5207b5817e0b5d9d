import Fastify, { type FastifyInstance, type FastifyPluginAsync } from 'fastify';
import { graphql } from 'graphql';
import type { Redis } from 'ioredis';
import type { Knex } from 'knex';
import { db as sharedDb } from './config/database';
import { env } from './config/env';
import { createLoggerOptions } from './config/logger';
import { redis as sharedRedis } from './config/redis';
import { createContext } from './graphql/context';
import { schema } from './graphql/schema';
import { errorHandler, notFoundHandler } from './middleware/error-handler';
import { createRateLimit } from './middleware/rate-limit';
import databasePlugin from './plugins/database';
import metricsPlugin from './plugins/metrics';
import redisPlugin from './plugins/redis';
import assessmentsRoutes from './routes/assessments.routes';
import authRoutes from './routes/auth.routes';
import communitiesRoutes from './routes/communities.routes';
import healthRoutes from './routes/health.routes';
import matchingRoutes from './routes/matching.routes';
import messagesRoutes from './routes/messages.routes';
import usersRoutes from './routes/users.routes';
import { AuthService } from './services/auth.service';
import { CommunityService } from './services/community.service';
import { MatchingService } from './services/matching.service';
import { MessagingService } from './services/messaging.service';
import { ModerationService } from './services/moderation.service';
import { NotificationService } from './services/notification.service';
import { TrustService } from './services/trust.service';
import { UserService } from './services/user.service';

export interface AppOptions {
  db?: Knex;
  redis?: Redis;
  rateLimitPerMinute?: number;
}

export type Services = ReturnType<typeof createServices>;

export function buildApp(options: AppOptions = {}): FastifyInstance {
  const {
    db = sharedDb,
    redis = sharedRedis,
    rateLimitPerMinute = env.rateLimitPerMinute,
  } = options;
  const services = createServices(db, redis);

  const app = Fastify({
    logger: createLoggerOptions(env),
    trustProxy: env.nodeEnv === 'production',
  });
  app.setErrorHandler(errorHandler);
  app.setNotFoundHandler(notFoundHandler);
  app.register(databasePlugin, { db, closeWithApp: options.db === undefined });
  app.register(redisPlugin, { redis, closeWithApp: options.redis === undefined });
  app.register(metricsPlugin);
  app.addHook(
    'onRequest',
    createRateLimit({ redis, limit: rateLimitPerMinute, exempt: ['/health', '/metrics'] }),
  );

  app.register(healthRoutes, { prefix: '/health' });
  app.register(authRoutes, { prefix: '/auth', ...services });
  app.register(usersRoutes, { prefix: '/users', ...services });
  app.register(communitiesRoutes, { prefix: '/communities', ...services });
  app.register(assessmentsRoutes, { prefix: '/assessments', ...services });
  app.register(matchingRoutes, { prefix: '/matching', ...services });
  app.register(messagesRoutes, { prefix: '/messages', ...services });
  app.register(graphqlRoute, services);
  return app;
}

export function createServices(db: Knex, redis: Redis) {
  const trust = new TrustService(db);
  const users = new UserService(db);
  const notifications = new NotificationService(db, redis);
  const moderation = new ModerationService(db, trust, notifications, env.moderationUrl);
  return {
    trust,
    users,
    notifications,
    moderation,
    auth: new AuthService(db, redis, trust),
    communities: new CommunityService(db, notifications),
    matching: new MatchingService(db, redis, trust, notifications, env.matchingUrl),
    messaging: new MessagingService(db, users, moderation, notifications),
  };
}

const graphqlRoute: FastifyPluginAsync<Services> = async (app, services) => {
  app.post<{ Body: { query: string; variables?: Record<string, unknown> } }>(
    '/graphql',
    {
      schema: {
        body: {
          type: 'object',
          required: ['query'],
          properties: {
            query: { type: 'string', maxLength: 10_000 },
            variables: { type: 'object' },
          },
        },
      },
    },
    async (request) =>
      graphql({
        schema,
        source: request.body.query,
        variableValues: request.body.variables,
        contextValue: createContext(request, services),
      }),
  );
};

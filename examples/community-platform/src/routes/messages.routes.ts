import type { FastifyPluginAsync } from 'fastify';
import { authenticate, currentUser, requireRole } from '../middleware/authenticate';
import type { MessagingService } from '../services/messaging.service';
import type { ModerationService } from '../services/moderation.service';
import { type PageQuery, parsePage } from '../utils/pagination';

const newMessageSchema = {
  type: 'object',
  required: ['recipientId', 'body'],
  additionalProperties: false,
  properties: {
    recipientId: { type: 'string', format: 'uuid' },
    body: { type: 'string' },
  },
};

const uuidParams = (...names: string[]) => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, { type: 'string', format: 'uuid' }])),
});

const reportSchema = {
  type: 'object',
  required: ['reason'],
  properties: {
    reason: { type: 'string', maxLength: 1000 },
  },
};

const decisionSchema = {
  type: 'object',
  required: ['decision'],
  properties: { decision: { type: 'string', enum: ['upheld', 'dismissed'] } },
};

export interface MessagesRoutesOptions {
  messaging: MessagingService;
  moderation: ModerationService;
}

const messagesRoutes: FastifyPluginAsync<MessagesRoutesOptions> = async (
  app,
  { messaging, moderation },
) => {
  app.post<{ Body: { recipientId: string; body: string } }>(
    '/',
    { schema: { body: newMessageSchema }, preHandler: authenticate },
    async (request, reply) => {
      const { recipientId, body } = request.body;
      const message = await messaging.send(currentUser(request).userId, recipientId, body);
      return reply.status(201).send(message);
    },
  );

  app.get('/unread', { preHandler: authenticate }, async (request) => {
    const senders = await messaging.unread(currentUser(request).userId);
    return { total: senders.reduce((sum, sender) => sum + sender.count, 0), senders };
  });

  app.get<{ Params: { userId: string }; Querystring: PageQuery }>(
    '/with/:userId',
    { schema: { params: uuidParams('userId') }, preHandler: authenticate },
    async (request) => {
      const page = parsePage(request.query);
      return messaging.conversation(currentUser(request).userId, request.params.userId, page);
    },
  );

  app.delete<{ Params: { id: string } }>(
    '/:id',
    { schema: { params: uuidParams('id') }, preHandler: authenticate },
    async (request, reply) => {
      await messaging.delete(request.params.id, currentUser(request).userId);
      return reply.status(204).send();
    },
  );

  app.post<{ Params: { id: string }; Body: { reason: string } }>(
    '/:id/reports',
    { schema: { params: uuidParams('id'), body: reportSchema }, preHandler: authenticate },
    async (request, reply) => {
      const subject = { type: 'message', id: request.params.id } as const;
      const { userId } = currentUser(request);
      const report = await moderation.report(userId, subject, request.body.reason);
      return reply.status(201).send({ id: report.id, status: report.status });
    },
  );

  app.put<{ Params: { reportId: string }; Body: { decision: 'upheld' | 'dismissed' } }>(
    '/reports/:reportId/decision',
    {
      schema: { params: uuidParams('reportId'), body: decisionSchema },
      preHandler: requireRole('moderator'),
    },
    async (request) => {
      const { reportId } = request.params;
      return moderation.resolve(reportId, currentUser(request).userId, request.body.decision);
    },
  );
};

export default messagesRoutes;

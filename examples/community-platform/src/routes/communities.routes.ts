import type { FastifyPluginAsync } from 'fastify';
import { authenticate, currentUser } from '../middleware/authenticate';
import type { CommunityService, NewCommunity } from '../services/community.service';
import type { ModerationService } from '../services/moderation.service';
import { searchCommunities } from '../services/search.service';
import { type PageQuery, parsePage } from '../utils/pagination';

const newCommunitySchema = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 3, maxLength: 80 },
    description: { type: 'string', maxLength: 1000 },
    visibility: { type: 'string', enum: ['public', 'private'] },
    joinPolicy: { type: 'string', enum: ['open', 'approval', 'invite'] },
    memberLimit: { type: 'integer', minimum: 2, maximum: 10000 },
  },
};

const listQuerySchema = {
  type: 'object',
  properties: {
    q: { type: 'string', minLength: 2 },
    limit: { type: 'integer', minimum: 1, maximum: 100 },
    cursor: { type: 'string' },
  },
};

const roleSchema = {
  type: 'object',
  required: ['role'],
  properties: { role: { type: 'string', enum: ['moderator', 'member'] } },
};

const idSchema = { type: 'string', format: 'uuid' };
const communityParamsSchema = { type: 'object', properties: { id: idSchema } };
const memberParamsSchema = { type: 'object', properties: { id: idSchema, userId: idSchema } };

const reportSchema = {
  type: 'object',
  required: ['reason'],
  properties: { reason: { type: 'string', maxLength: 1000 } },
};

interface CommunityParams {
  id: string;
}

interface MemberParams extends CommunityParams {
  userId: string;
}

export interface CommunitiesRoutesOptions {
  communities: CommunityService;
  moderation: ModerationService;
}

const communitiesRoutes: FastifyPluginAsync<CommunitiesRoutesOptions> = async (
  app,
  { communities, moderation },
) => {
  app.addHook('preHandler', authenticate);

  app.get<{ Querystring: PageQuery & { q?: string } }>(
    '/',
    { schema: { querystring: listQuerySchema } },
    async (request) => {
      const { q, ...page } = request.query;
      if (q) return { items: await searchCommunities(q), nextCursor: null };
      return communities.list(parsePage(page));
    },
  );

  app.post<{ Body: NewCommunity }>(
    '/',
    { schema: { body: newCommunitySchema } },
    async (request, reply) => {
      const community = await communities.create(currentUser(request).userId, request.body);
      return reply.status(201).header('location', `/communities/${community.slug}`).send(community);
    },
  );

  app.get<{ Params: { slug: string } }>('/:slug', async (request) =>
    communities.getBySlug(request.params.slug, currentUser(request).userId),
  );

  app.post<{ Params: CommunityParams }>(
    '/:id/members',
    { schema: { params: communityParamsSchema } },
    async (request, reply) => {
      const status = await communities.join(request.params.id, currentUser(request).userId);
      return reply.status(status === 'pending' ? 202 : 200).send({ status });
    },
  );

  app.delete<{ Params: CommunityParams }>(
    '/:id/members/me',
    { schema: { params: communityParamsSchema } },
    async (request, reply) => {
      await communities.leave(request.params.id, currentUser(request).userId);
      return reply.status(204).send();
    },
  );

  app.post<{ Params: MemberParams }>(
    '/:id/members/:userId/approval',
    { schema: { params: memberParamsSchema } },
    async (request, reply) => {
      const { id, userId } = request.params;
      await communities.approve(id, userId, currentUser(request).userId);
      return reply.status(204).send();
    },
  );

  app.patch<{ Params: MemberParams; Body: { role: 'moderator' | 'member' } }>(
    '/:id/members/:userId',
    { schema: { params: memberParamsSchema, body: roleSchema } },
    async (request, reply) => {
      const { id, userId } = request.params;
      await communities.changeRole(id, userId, request.body.role, currentUser(request).userId);
      return reply.status(204).send();
    },
  );

  app.post<{ Params: CommunityParams; Body: { reason: string } }>(
    '/:id/reports',
    { schema: { params: communityParamsSchema, body: reportSchema } },
    async (request, reply) => {
      const subject = { type: 'community', id: request.params.id } as const;
      const { userId } = currentUser(request);
      const report = await moderation.report(userId, subject, request.body.reason);
      return reply.status(201).send({ id: report.id, status: report.status });
    },
  );
};

export default communitiesRoutes;

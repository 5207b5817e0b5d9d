import type { FastifyPluginAsync } from 'fastify';
import { z } from 'zod';
import { authenticate, currentUser } from '../middleware/authenticate';
import type { ModerationService } from '../services/moderation.service';
import { searchMembers } from '../services/search.service';
import type { TrustService } from '../services/trust.service';
import type { UserService } from '../services/user.service';

const profilePatch = z.strictObject({
  displayName: z.string().optional(),
  bio: z.string().nullable().optional(),
  interests: z.array(z.string()).optional(),
});

const memberSearch = z.object({
  q: z.string(),
  interests: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(50).default(20),
});

const reportBody = z.object({ reason: z.string().max(1000) });
const userParams = z.object({ id: z.uuid() });

export interface UsersRoutesOptions {
  users: UserService;
  trust: TrustService;
  moderation: ModerationService;
}

const usersRoutes: FastifyPluginAsync<UsersRoutesOptions> = async (
  app,
  { users, trust, moderation },
) => {
  app.addHook('preHandler', authenticate);

  app.get('/', async (request) => {
    const { q, interests, limit } = memberSearch.parse(request.query);
    const items = await searchMembers(q, currentUser(request).userId, {
      limit,
      interests: interests?.split(',').filter(Boolean),
    });
    return { items };
  });

  app.patch('/me', async (request) =>
    users.updateProfile(currentUser(request).userId, profilePatch.parse(request.body)),
  );

  app.delete('/me', async (request, reply) => {
    await users.deactivate(currentUser(request).userId);
    return reply.status(204).send();
  });

  app.get('/:id', async (request) => {
    const { id } = userParams.parse(request.params);
    return users.getProfile(id, currentUser(request).userId);
  });

  app.get('/:id/trust', async (request) => {
    const { id } = userParams.parse(request.params);
    return trust.getScore(id);
  });

  app.post('/:id/vouch', async (request, reply) => {
    const { id } = userParams.parse(request.params);
    return reply.status(201).send(await trust.vouch(currentUser(request).userId, id));
  });

  app.post('/:id/reports', async (request, reply) => {
    const { id } = userParams.parse(request.params);
    const { reason } = reportBody.parse(request.body);
    const subject = { type: 'user', id } as const;
    const report = await moderation.report(currentUser(request).userId, subject, reason);
    return reply.status(201).send({ id: report.id, status: report.status });
  });

  app.put('/:id/block', async (request, reply) => {
    const { id } = userParams.parse(request.params);
    await users.block(currentUser(request).userId, id);
    return reply.status(204).send();
  });

  app.delete('/:id/block', async (request, reply) => {
    const { id } = userParams.parse(request.params);
    await users.unblock(currentUser(request).userId, id);
    return reply.status(204).send();
  });
};

export default usersRoutes;

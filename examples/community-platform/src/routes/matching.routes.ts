import type { FastifyPluginAsync } from 'fastify';
import { authenticate, currentUser } from '../middleware/authenticate';
import type { MatchingService } from '../services/matching.service';

const suggestionsSchema = {
  querystring: {
    type: 'object',
    properties: {
      limit: { type: 'integer', minimum: 1, maximum: 50, default: 10 },
      minimum: { type: 'number', minimum: 0, maximum: 1, default: 0 },
    },
  },
};

const responseSchema = {
  params: {
    type: 'object',
    required: ['candidateId'],
    properties: { candidateId: { type: 'string', format: 'uuid' } },
  },
  body: {
    type: 'object',
    required: ['answer'],
    properties: { answer: { type: 'string', enum: ['accepted', 'declined'] } },
  },
};

export interface MatchingRoutesOptions {
  matching: MatchingService;
}

const matchingRoutes: FastifyPluginAsync<MatchingRoutesOptions> = async (app, { matching }) => {
  app.addHook('preHandler', authenticate);

  app.get<{ Querystring: { limit: number; minimum: number } }>(
    '/suggestions',
    { schema: suggestionsSchema },
    async (request) => {
      const { limit, minimum } = request.query;
      const suggestions = await matching.suggest(currentUser(request).userId, limit);
      return { items: suggestions.filter((suggestion) => suggestion.score >= minimum) };
    },
  );

  app.put<{ Params: { candidateId: string }; Body: { answer: 'accepted' | 'declined' } }>(
    '/:candidateId/answer',
    { schema: responseSchema },
    async (request) => {
      const { candidateId } = request.params;
      const { answer } = request.body;
      const status = await matching.respond(currentUser(request).userId, candidateId, answer);
      return { status };
    },
  );
};

export default matchingRoutes;

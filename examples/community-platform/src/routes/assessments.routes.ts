import type { FastifyPluginAsync } from 'fastify';
import { z } from 'zod';
import { authenticate, currentUser, requireRole } from '../middleware/authenticate';
import {
  createAssessment,
  findAssessment,
  getProfileScores,
  publishAssessment,
  submitAnswers,
  summarize,
} from '../services/assessment.service';
import type { TrustService } from '../services/trust.service';
import { NotFoundError } from '../utils/errors';

const question = z.object({
  id: z.string().min(1).max(40),
  text: z.string().min(5).max(300),
  dimension: z.string().min(1).max(40),
  reversed: z.boolean().optional(),
});

const newAssessment = z.object({
  title: z.string().trim().min(3).max(120),
  kind: z.enum(['personality', 'skills', 'values']),
  questions: z.array(question).min(1).max(100),
});

const submission = z.object({ answers: z.record(z.string(), z.number()) });
const assessmentParams = z.object({ id: z.uuid() });

export interface AssessmentsRoutesOptions {
  trust: TrustService;
}

const assessmentsRoutes: FastifyPluginAsync<AssessmentsRoutesOptions> = async (app, { trust }) => {
  app.post('/', { preHandler: requireRole('moderator') }, async (request, reply) => {
    const input = newAssessment.parse(request.body);
    return reply.status(201).send(await createAssessment(currentUser(request).userId, input));
  });

  app.post('/:id/publication', { preHandler: requireRole('moderator') }, async (request) => {
    const { id } = assessmentParams.parse(request.params);
    return publishAssessment(id, currentUser(request).userId);
  });

  app.get('/results', { preHandler: authenticate }, async (request) => {
    const scores = await getProfileScores(currentUser(request).userId);
    return { dimensions: summarize(scores) };
  });

  app.get('/:id', { preHandler: authenticate }, async (request) => {
    const { id } = assessmentParams.parse(request.params);
    const assessment = await findAssessment(id);
    const isAuthor = assessment.author_id === currentUser(request).userId;
    if (!assessment.published_at && !isAuthor) throw new NotFoundError('Assessment');
    return {
      id: assessment.id,
      title: assessment.title,
      kind: assessment.kind,
      published: assessment.published_at !== null,
      // Which dimension a question measures would give the right answer away.
      questions: assessment.questions.map(({ id: questionId, text }) => ({ id: questionId, text })),
    };
  });

  app.post('/:id/submissions', { preHandler: authenticate }, async (request, reply) => {
    const { id } = assessmentParams.parse(request.params);
    const { answers } = submission.parse(request.body);
    const { userId } = currentUser(request);
    const dimensions = await submitAnswers(id, userId, answers);
    await trust.record(userId, 'assessment_completed');
    return reply.status(201).send({ dimensions });
  });
};

export default assessmentsRoutes;

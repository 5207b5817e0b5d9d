import type { FastifyPluginAsync } from 'fastify';
import { z } from 'zod';
import { authenticate, currentUser } from '../middleware/authenticate';
import type { AuthService } from '../services/auth.service';
import type { UserService } from '../services/user.service';

const registration = z.object({
  email: z.email().max(254),
  password: z.string(),
  displayName: z.string().trim().min(2).max(50),
});

const credentials = z.object({
  email: z.email(),
  password: z.string().min(1),
});

const verification = z.object({ code: z.uuid() });
const refreshBody = z.object({ refreshToken: z.string().min(1) });
const logoutBody = refreshBody.partial().nullish();

export interface AuthRoutesOptions {
  auth: AuthService;
  users: UserService;
}

const authRoutes: FastifyPluginAsync<AuthRoutesOptions> = async (app, { auth, users }) => {
  app.post('/register', async (request, reply) => {
    const session = await auth.register(registration.parse(request.body));
    return reply.status(201).send(session);
  });

  app.post('/verification', async (request, reply) => {
    const { code } = verification.parse(request.body);
    await auth.verifyEmail(code);
    return reply.status(204).send();
  });

  app.post('/login', async (request) => {
    const { email, password } = credentials.parse(request.body);
    return auth.login(email, password);
  });

  app.post('/refresh', async (request) => {
    const { refreshToken } = refreshBody.parse(request.body);
    return auth.refresh(refreshToken);
  });

  app.post('/logout', { preHandler: authenticate }, async (request, reply) => {
    const body = logoutBody.parse(request.body);
    await auth.logout(currentUser(request).userId, body?.refreshToken);
    return reply.status(204).send();
  });

  app.get('/me', { preHandler: authenticate }, async (request) => {
    const { userId, role } = currentUser(request);
    return { ...(await users.getProfile(userId, userId)), role };
  });
};

export default authRoutes;

import type { FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import type { CommunityService } from '../services/community.service';
import type { MatchingService } from '../services/matching.service';
import type { NotificationService } from '../services/notification.service';
import type { TrustService } from '../services/trust.service';
import type { UserService } from '../services/user.service';
import { type AccessClaims, bearerToken, verifyAccessToken } from '../utils/jwt';

export interface GraphQLServices {
  users: UserService;
  communities: CommunityService;
  matching: MatchingService;
  trust: TrustService;
  notifications: NotificationService;
}

export interface GraphQLContext {
  viewer: AccessClaims | null;
  services: GraphQLServices;
}

/** A request without a token is a visitor; one with a broken token is refused. */
export function createContext(
  request: Pick<FastifyRequest, 'headers'>,
  services: GraphQLServices,
): GraphQLContext {
  const token = bearerToken(request.headers.authorization);
  return { viewer: token ? verifyAccessToken(token) : null, services };
}

export function requireViewer(context: GraphQLContext): AccessClaims {
  if (!context.viewer) {
    throw new GraphQLError('Authentication required', { extensions: { code: 'UNAUTHENTICATED' } });
  }
  return context.viewer;
}

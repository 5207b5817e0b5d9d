import { GraphQLError } from 'graphql';
import type { CommunityRow, NotificationKind, NotificationRow } from '../db/types';
import { type DimensionSummary, getProfileScores, summarize } from '../services/assessment.service';
import type { Suggestion } from '../services/matching.service';
import type { TrustScore } from '../services/trust.service';
import type { Profile, ProfilePatch } from '../services/user.service';
import { AppError, NotFoundError } from '../utils/errors';
import { type Page, parsePage } from '../utils/pagination';
import { type GraphQLContext, requireViewer } from './context';

interface PageArgs {
  limit?: number | null;
  cursor?: string | null;
}

interface PreferencesInput {
  mutedKinds: NotificationKind[];
  quietFrom?: number | null;
  quietUntil?: number | null;
}

export const resolvers = {
  Query: {
    me: (_root: unknown, _args: unknown, context: GraphQLContext): Promise<Profile> =>
      expose(() => {
        const { userId } = requireViewer(context);
        return context.services.users.getProfile(userId, userId);
      }),

    /** Null when there is no such member, or when they have blocked the viewer. */
    member: (
      _root: unknown,
      { id }: { id: string },
      context: GraphQLContext,
    ): Promise<Profile | null> =>
      expose(async () => {
        const { userId } = requireViewer(context);
        try {
          return await context.services.users.getProfile(id, userId);
        } catch (error) {
          if (error instanceof NotFoundError) return null;
          throw error;
        }
      }),

    communities: (
      _root: unknown,
      { limit, cursor }: PageArgs,
      context: GraphQLContext,
    ): Promise<Page<CommunityRow>> =>
      expose(() =>
        context.services.communities.list(
          parsePage({ limit: limit ?? undefined, cursor: cursor ?? undefined }),
        ),
      ),

    suggestions: (
      _root: unknown,
      { limit }: { limit?: number | null },
      context: GraphQLContext,
    ): Promise<Suggestion[]> =>
      expose(() => {
        const { userId } = requireViewer(context);
        return context.services.matching.suggest(userId, Math.min(limit ?? 10, 50));
      }),

    notifications: (
      _root: unknown,
      { unreadOnly }: { unreadOnly?: boolean | null },
      context: GraphQLContext,
    ): Promise<NotificationRow[]> =>
      expose(async () => {
        const { userId } = requireViewer(context);
        const page = parsePage({ limit: 50 });
        return (await context.services.notifications.list(userId, page, unreadOnly === true)).items;
      }),

    dimensions: (
      _root: unknown,
      _args: unknown,
      context: GraphQLContext,
    ): Promise<DimensionSummary[]> =>
      expose(async () => summarize(await getProfileScores(requireViewer(context).userId))),
  },

  Mutation: {
    updateProfile: (
      _root: unknown,
      { input }: { input: ProfilePatch },
      context: GraphQLContext,
    ): Promise<Profile> =>
      expose(() => context.services.users.updateProfile(requireViewer(context).userId, input)),

    joinCommunity: (
      _root: unknown,
      { id }: { id: string },
      context: GraphQLContext,
    ): Promise<string> =>
      expose(() => context.services.communities.join(id, requireViewer(context).userId)),

    markNotificationsRead: (
      _root: unknown,
      { id }: { id?: string | null },
      context: GraphQLContext,
    ): Promise<number> =>
      expose(() =>
        context.services.notifications.markRead(requireViewer(context).userId, id ?? undefined),
      ),

    setPreferences: (
      _root: unknown,
      { input }: { input: PreferencesInput },
      context: GraphQLContext,
    ): Promise<boolean> =>
      expose(async () => {
        const { mutedKinds, quietFrom = null, quietUntil = null } = input;
        const { userId } = requireViewer(context);
        await context.services.notifications.setPreferences(userId, {
          mutedKinds,
          quietFrom,
          quietUntil,
        });
        return true;
      }),
  },

  Member: {
    trust: (profile: Profile, _args: unknown, context: GraphQLContext): Promise<TrustScore> =>
      expose(() => context.services.trust.getScore(profile.id)),
  },

  Community: {
    isPrivate: (community: CommunityRow): boolean => community.visibility === 'private',
  },

  Suggestion: {
    member: (suggestion: Suggestion, _args: unknown, context: GraphQLContext): Promise<Profile> =>
      expose(() =>
        context.services.users.getProfile(suggestion.userId, requireViewer(context).userId),
      ),
  },

  Notification: {
    payload: (notification: NotificationRow): string => JSON.stringify(notification.payload),
    read: (notification: NotificationRow): boolean => notification.read_at !== null,
  },
};

/** Callers may see what an AppError says; anything else is hidden behind one message. */
async function expose<T>(resolve: () => T | Promise<T>): Promise<T> {
  try {
    return await resolve();
  } catch (error) {
    if (error instanceof GraphQLError) throw error;
    if (error instanceof AppError) {
      throw new GraphQLError(error.message, { extensions: { code: error.code.toUpperCase() } });
    }
    throw new GraphQLError('Something went wrong on our side', {
      extensions: { code: 'INTERNAL' },
      originalError: error instanceof Error ? error : undefined,
    });
  }
}

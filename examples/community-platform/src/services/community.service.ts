import type { Knex } from 'knex';
import type {
  CommunityRow,
  JoinPolicy,
  MembershipRole,
  MembershipRow,
  MembershipStatus,
  Visibility,
} from '../db/types';
import { ConflictError, ForbiddenError, NotFoundError, ValidationError } from '../utils/errors';
import { type Page, type PageRequest, buildPage } from '../utils/pagination';
import type { NotificationService } from './notification.service';

const RESERVED_SLUGS = new Set(['new', 'search', 'settings', 'admin']);

export interface NewCommunity {
  name: string;
  description?: string;
  visibility?: Visibility;
  joinPolicy?: JoinPolicy;
  memberLimit?: number;
}

export class CommunityService {
  constructor(
    private readonly db: Knex,
    private readonly notifications: NotificationService,
  ) {}

  async create(ownerId: string, input: NewCommunity): Promise<CommunityRow> {
    if (input.memberLimit !== undefined && input.memberLimit < 2) {
      throw new ValidationError('A community needs room for two members', { memberLimit: 'min' });
    }
    const slug = await this.freeSlug(slugify(input.name));
    return this.db.transaction(async (trx) => {
      const [community] = await trx<CommunityRow>('communities')
        .insert({
          slug,
          name: input.name.trim(),
          description: input.description?.trim() || null,
          visibility: input.visibility ?? 'public',
          join_policy: input.joinPolicy ?? (input.visibility === 'private' ? 'invite' : 'open'),
          member_limit: input.memberLimit ?? null,
          owner_id: ownerId,
        })
        .returning('*');
      await trx<MembershipRow>('memberships').insert({
        community_id: community.id,
        user_id: ownerId,
        role: 'owner',
        status: 'active',
      });
      return community;
    });
  }

  async getBySlug(slug: string, viewerId: string): Promise<CommunityRow> {
    const community = await this.db<CommunityRow>('communities').where({ slug }).first();
    if (!community) throw new NotFoundError('Community');
    if (community.visibility === 'private') {
      const membership = await this.membership(community.id, viewerId);
      if (membership?.status !== 'active') throw new NotFoundError('Community');
    }
    return community;
  }

  async list({ limit, cursor }: PageRequest): Promise<Page<CommunityRow>> {
    const query = this.db<CommunityRow>('communities')
      .where({ visibility: 'public' })
      .orderBy([
        { column: 'created_at', order: 'desc' },
        { column: 'id', order: 'desc' },
      ])
      .limit(limit + 1);
    if (cursor) query.whereRaw('(created_at, id) < (?, ?)', [cursor.createdAt, cursor.id]);
    return buildPage(await query, limit);
  }

  async join(communityId: string, userId: string): Promise<MembershipStatus> {
    const community = await this.db<CommunityRow>('communities').where({ id: communityId }).first();
    if (!community) throw new NotFoundError('Community');

    const existing = await this.membership(communityId, userId);
    if (existing?.status === 'banned') {
      throw new ForbiddenError('You are banned from this community');
    }
    if (existing) return existing.status;
    if (community.join_policy === 'invite') {
      throw new ForbiddenError('This community is by invitation');
    }
    await this.requireRoom(community);

    const status: MembershipStatus = community.join_policy === 'open' ? 'active' : 'pending';
    await this.db<MembershipRow>('memberships').insert({
      community_id: communityId,
      user_id: userId,
      role: 'member',
      status,
    });
    if (status === 'pending') {
      await this.notifications.notify(community.owner_id, 'join_request', { communityId, userId });
    }
    return status;
  }

  async leave(communityId: string, userId: string): Promise<void> {
    const membership = await this.membership(communityId, userId);
    if (!membership || membership.status === 'banned') throw new NotFoundError('Membership');
    if (membership.role === 'owner') {
      throw new ConflictError('Hand over the community before leaving');
    }
    await this.db<MembershipRow>('memberships')
      .where({ community_id: communityId, user_id: userId })
      .delete();
  }

  async approve(communityId: string, userId: string, approverId: string): Promise<void> {
    await this.requireRole(communityId, approverId, ['owner', 'moderator']);
    const community = await this.db<CommunityRow>('communities').where({ id: communityId }).first();
    if (!community) throw new NotFoundError('Community');
    await this.requireRoom(community);

    const changed = await this.db<MembershipRow>('memberships')
      .where({ community_id: communityId, user_id: userId, status: 'pending' })
      .update({ status: 'active', joined_at: new Date() });
    if (changed === 0) throw new NotFoundError('Join request');
    await this.notifications.notify(userId, 'membership', { communityId, name: community.name });
  }

  async changeRole(
    communityId: string,
    userId: string,
    role: Exclude<MembershipRole, 'owner'>,
    actorId: string,
  ): Promise<void> {
    await this.requireRole(communityId, actorId, ['owner']);
    if (userId === actorId) throw new ConflictError('Owners cannot change their own role');
    const changed = await this.db<MembershipRow>('memberships')
      .where({ community_id: communityId, user_id: userId, status: 'active' })
      .update({ role });
    if (changed === 0) throw new NotFoundError('Member');
  }

  private membership(communityId: string, userId: string): Promise<MembershipRow | undefined> {
    return this.db<MembershipRow>('memberships')
      .where({ community_id: communityId, user_id: userId })
      .first();
  }

  private async requireRole(
    communityId: string,
    userId: string,
    roles: MembershipRole[],
  ): Promise<void> {
    const membership = await this.membership(communityId, userId);
    if (!membership || membership.status !== 'active' || !roles.includes(membership.role)) {
      throw new ForbiddenError();
    }
  }

  private async requireRoom(community: CommunityRow): Promise<void> {
    if (community.member_limit === null) return;
    const [{ count }] = await this.db<MembershipRow>('memberships')
      .where({ community_id: community.id, status: 'active' })
      .count<{ count: string }[]>();
    if (Number(count) >= community.member_limit) throw new ConflictError('This community is full');
  }

  private async freeSlug(base: string): Promise<string> {
    const taken = await this.db<CommunityRow>('communities')
      .where('slug', base)
      .orWhere('slug', 'like', `${base}-%`)
      .pluck('slug');
    if (!taken.includes(base)) return base;
    let suffix = 2;
    while (taken.includes(`${base}-${suffix}`)) suffix += 1;
    return `${base}-${suffix}`;
  }
}

export function slugify(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  if (slug.length < 3) {
    throw new ValidationError('Name needs three letters or digits', { name: 'short' });
  }
  if (RESERVED_SLUGS.has(slug)) {
    throw new ValidationError('This name is reserved', { name: 'reserved' });
  }
  return slug;
}

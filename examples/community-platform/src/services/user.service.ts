import type { Knex } from 'knex';
import type { BlockRow, CommunityRow, UserRow } from '../db/types';
import { ConflictError, NotFoundError, ValidationError } from '../utils/errors';

const MAX_INTERESTS = 10;
const MAX_BIO_LENGTH = 500;

export interface Profile {
  id: string;
  displayName: string;
  bio: string | null;
  interests: string[];
  memberSince: string;
  /** Only shown to the owner of the profile. */
  email?: string;
  emailVerified?: boolean;
}

export interface ProfilePatch {
  displayName?: string;
  bio?: string | null;
  interests?: string[];
}

export class UserService {
  constructor(private readonly db: Knex) {}

  async getProfile(id: string, viewerId: string): Promise<Profile> {
    const user = await this.findActive(id);
    // Somebody who blocked the viewer must look as if the account did not exist.
    if (id !== viewerId && (await this.hasBlocked(id, viewerId))) throw new NotFoundError('User');
    return toProfile(user, id === viewerId);
  }

  async updateProfile(id: string, patch: ProfilePatch): Promise<Profile> {
    const changes: Partial<UserRow> = {};
    if (patch.displayName !== undefined) {
      const name = patch.displayName.trim().replace(/\s+/g, ' ');
      if (name.length < 2 || name.length > 50) {
        throw new ValidationError('Display name must have 2 to 50 characters', {
          displayName: 'length',
        });
      }
      changes.display_name = name;
    }
    if (patch.bio !== undefined) {
      const bio = patch.bio?.trim() || null;
      if (bio && bio.length > MAX_BIO_LENGTH) {
        throw new ValidationError(`Bio must have at most ${MAX_BIO_LENGTH} characters`, {
          bio: 'length',
        });
      }
      changes.bio = bio;
    }
    if (patch.interests !== undefined) changes.interests = normalizeInterests(patch.interests);

    if (Object.keys(changes).length === 0) return toProfile(await this.findActive(id), true);
    const [user] = await this.db<UserRow>('users')
      .where({ id, status: 'active' })
      .update({
        ...changes,
        // The driver would send an array as a PostgreSQL array, but the column is jsonb.
        ...(changes.interests ? { interests: JSON.stringify(changes.interests) as never } : {}),
        updated_at: new Date(),
      })
      .returning('*');
    if (!user) throw new NotFoundError('User');
    return toProfile(user, true);
  }

  /** Anonymises the account; owned communities must be handed over first. */
  async deactivate(id: string): Promise<void> {
    const owned = await this.db<CommunityRow>('communities').where({ owner_id: id }).select('name');
    if (owned.length > 0) {
      const names = owned.map((community) => community.name).join(', ');
      throw new ConflictError(`Hand over your communities first: ${names}`);
    }
    const changed = await this.db<UserRow>('users')
      .where({ id, status: 'active' })
      .update({
        status: 'deleted',
        email: `deleted+${id}@invalid`,
        display_name: 'Former member',
        bio: null,
        updated_at: new Date(),
      });
    if (changed === 0) throw new NotFoundError('User');
  }

  async block(blockerId: string, blockedId: string): Promise<void> {
    if (blockerId === blockedId) throw new ValidationError('You cannot block yourself');
    await this.findActive(blockedId);
    await this.db<BlockRow>('blocks')
      .insert({ blocker_id: blockerId, blocked_id: blockedId })
      .onConflict(['blocker_id', 'blocked_id'])
      .ignore();
  }

  async unblock(blockerId: string, blockedId: string): Promise<void> {
    const removed = await this.db<BlockRow>('blocks')
      .where({ blocker_id: blockerId, blocked_id: blockedId })
      .delete();
    if (removed === 0) throw new NotFoundError('Block');
  }

  async hasBlocked(blockerId: string, blockedId: string): Promise<boolean> {
    const row = await this.db<BlockRow>('blocks')
      .where({ blocker_id: blockerId, blocked_id: blockedId })
      .first();
    return row !== undefined;
  }

  private async findActive(id: string): Promise<UserRow> {
    const user = await this.db<UserRow>('users').where({ id }).first();
    if (!user || user.status !== 'active') throw new NotFoundError('User');
    return user;
  }
}

export function normalizeInterests(interests: string[]): string[] {
  const unique = new Set(
    interests
      .map((interest) => interest.trim().toLowerCase())
      .filter((interest) => interest !== ''),
  );
  if (unique.size > MAX_INTERESTS) {
    throw new ValidationError(`At most ${MAX_INTERESTS} interests`, { interests: 'too many' });
  }
  return [...unique].sort();
}

function toProfile(user: UserRow, own: boolean): Profile {
  const profile: Profile = {
    id: user.id,
    displayName: user.display_name,
    bio: user.bio,
    interests: user.interests,
    memberSince: user.created_at.toISOString().slice(0, 10),
  };
  if (own) {
    profile.email = user.email;
    profile.emailVerified = user.email_verified_at !== null;
  }
  return profile;
}

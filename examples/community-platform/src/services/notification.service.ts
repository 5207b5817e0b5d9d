import type { Redis } from 'ioredis';
import type { Knex } from 'knex';
import type { NotificationKind, NotificationPreferenceRow, NotificationRow } from '../db/types';
import { NotFoundError, ValidationError } from '../utils/errors';
import { type Page, type PageRequest, buildPage } from '../utils/pagination';

const DUPLICATE_WINDOW_SECONDS = 60;

export type Delivery = 'pushed' | 'stored' | 'muted' | 'duplicate';

export interface Preferences {
  mutedKinds: NotificationKind[];
  quietFrom: number | null;
  quietUntil: number | null;
}

export class NotificationService {
  constructor(
    private readonly db: Knex,
    private readonly redis: Redis,
  ) {}

  /** Stores a notification and pushes it, unless the person has muted it or is asleep. */
  async notify(
    userId: string,
    kind: NotificationKind,
    payload: Record<string, string>,
  ): Promise<Delivery> {
    const preferences = await this.getPreferences(userId);
    if (preferences.mutedKinds.includes(kind)) return 'muted';

    const body = JSON.stringify(payload);
    const fresh = await this.redis.set(
      `notified:${userId}:${kind}:${body}`,
      '1',
      'EX',
      DUPLICATE_WINDOW_SECONDS,
      'NX',
    );
    if (fresh === null) return 'duplicate';

    const [notification] = await this.db<NotificationRow>('notifications')
      .insert({ user_id: userId, kind, payload: body as never })
      .returning('*');
    if (isQuiet(preferences, new Date().getUTCHours())) return 'stored';
    await this.redis.publish(
      `notifications:${userId}`,
      JSON.stringify({ id: notification.id, kind, payload }),
    );
    return 'pushed';
  }

  async list(
    userId: string,
    { limit, cursor }: PageRequest,
    unreadOnly = false,
  ): Promise<Page<NotificationRow>> {
    const query = this.db<NotificationRow>('notifications')
      .where({ user_id: userId })
      .orderBy([
        { column: 'created_at', order: 'desc' },
        { column: 'id', order: 'desc' },
      ])
      .limit(limit + 1);
    if (unreadOnly) query.whereNull('read_at');
    if (cursor) query.whereRaw('(created_at, id) < (?, ?)', [cursor.createdAt, cursor.id]);
    return buildPage(await query, limit);
  }

  /** Marks one notification, or all of them, and tells how many were unread. */
  async markRead(userId: string, notificationId?: string): Promise<number> {
    const query = this.db<NotificationRow>('notifications')
      .where({ user_id: userId })
      .whereNull('read_at');
    if (notificationId) query.where({ id: notificationId });
    return query.update({ read_at: new Date() });
  }

  async setPreferences(userId: string, preferences: Preferences): Promise<void> {
    const { mutedKinds, quietFrom, quietUntil } = preferences;
    if ((quietFrom === null) !== (quietUntil === null)) {
      throw new ValidationError('Quiet hours need a beginning and an end');
    }
    for (const hour of [quietFrom, quietUntil]) {
      if (hour !== null && (!Number.isInteger(hour) || hour < 0 || hour > 23)) {
        throw new ValidationError('Quiet hours run from 0 to 23');
      }
    }
    if (mutedKinds.includes('moderation')) {
      throw new ValidationError('Moderation notices cannot be muted');
    }
    const user = await this.db('users').where({ id: userId }).first();
    if (!user) throw new NotFoundError('User');
    await this.db<NotificationPreferenceRow>('notification_preferences')
      .insert({
        user_id: userId,
        muted_kinds: JSON.stringify(mutedKinds) as never,
        quiet_from: quietFrom,
        quiet_until: quietUntil,
      })
      .onConflict('user_id')
      .merge();
  }

  async getPreferences(userId: string): Promise<Preferences> {
    const row = await this.db<NotificationPreferenceRow>('notification_preferences')
      .where({ user_id: userId })
      .first();
    return {
      mutedKinds: row?.muted_kinds ?? [],
      quietFrom: row?.quiet_from ?? null,
      quietUntil: row?.quiet_until ?? null,
    };
  }
}

/** Quiet hours may cross midnight: from 22 until 7 includes 23 and 3, but not 7. */
export function isQuiet(
  { quietFrom, quietUntil }: Pick<Preferences, 'quietFrom' | 'quietUntil'>,
  hour: number,
): boolean {
  if (quietFrom === null || quietUntil === null) return false;
  if (quietFrom <= quietUntil) return hour >= quietFrom && hour < quietUntil;
  return hour >= quietFrom || hour < quietUntil;
}

import type { Knex } from 'knex';
import type { MessageRow, UserRow } from '../db/types';
import { ForbiddenError, NotFoundError, ValidationError } from '../utils/errors';
import { type Page, type PageRequest, buildPage } from '../utils/pagination';
import type { ModerationService } from './moderation.service';
import type { NotificationService } from './notification.service';
import type { UserService } from './user.service';

const MAX_LENGTH = 4_000;
const DELETE_WINDOW_MS = 15 * 60 * 1000;
const PREVIEW_LENGTH = 80;

export interface Message {
  id: string;
  senderId: string;
  recipientId: string;
  body: string | null;
  sentAt: string;
  read: boolean;
}

export class MessagingService {
  constructor(
    private readonly db: Knex,
    private readonly users: UserService,
    private readonly moderation: ModerationService,
    private readonly notifications: NotificationService,
  ) {}

  async send(senderId: string, recipientId: string, text: string): Promise<Message> {
    const body = text.trim();
    if (body === '') throw new ValidationError('A message needs text', { body: 'empty' });
    if (body.length > MAX_LENGTH) {
      throw new ValidationError(`At most ${MAX_LENGTH} characters`, { body: 'length' });
    }
    if (senderId === recipientId) throw new ValidationError('You cannot write to yourself');

    const recipient = await this.db<UserRow>('users')
      .where({ id: recipientId, status: 'active' })
      .first();
    if (!recipient) throw new NotFoundError('Recipient');
    if (await this.users.hasBlocked(recipientId, senderId)) {
      throw new ForbiddenError('This person does not accept your messages');
    }
    const { verdict, reasons } = await this.moderation.review(body);
    if (verdict === 'reject') {
      throw new ValidationError('This message breaks the rules', { body: reasons.join(', ') });
    }

    const [row] = await this.db<MessageRow>('messages')
      .insert({
        sender_id: senderId,
        recipient_id: recipientId,
        body,
        flagged: verdict === 'flag',
      })
      .returning('*');
    await this.notifications.notify(recipientId, 'message', { senderId, preview: preview(body) });
    return toMessage(row);
  }

  async conversation(
    userId: string,
    otherId: string,
    { limit, cursor }: PageRequest,
  ): Promise<Page<Message>> {
    const query = this.db<MessageRow>('messages')
      .where((builder) => {
        builder
          .where({ sender_id: userId, recipient_id: otherId })
          .orWhere({ sender_id: otherId, recipient_id: userId });
      })
      .orderBy([
        { column: 'created_at', order: 'desc' },
        { column: 'id', order: 'desc' },
      ])
      .limit(limit + 1);
    if (cursor) query.whereRaw('(created_at, id) < (?, ?)', [cursor.createdAt, cursor.id]);
    const page = buildPage(await query, limit);
    await this.db<MessageRow>('messages')
      .where({ sender_id: otherId, recipient_id: userId })
      .whereNull('read_at')
      .update({ read_at: new Date() });
    return { items: page.items.map(toMessage), nextCursor: page.nextCursor };
  }

  /** Unread messages per sender, the busiest first. */
  async unread(userId: string): Promise<{ senderId: string; count: number }[]> {
    const rows = await this.db<MessageRow>('messages')
      .where({ recipient_id: userId })
      .whereNull('read_at')
      .whereNull('deleted_at')
      .groupBy('sender_id')
      .select('sender_id')
      .count<{ sender_id: string; count: string }[]>('* as count');
    return rows
      .map((row) => ({ senderId: row.sender_id, count: Number(row.count) }))
      .sort((a, b) => b.count - a.count);
  }

  async delete(messageId: string, userId: string): Promise<void> {
    const message = await this.db<MessageRow>('messages').where({ id: messageId }).first();
    if (!message || message.deleted_at) throw new NotFoundError('Message');
    if (message.sender_id !== userId) throw new ForbiddenError('You can only delete your messages');
    if (Date.now() - message.created_at.getTime() > DELETE_WINDOW_MS) {
      throw new ForbiddenError('Messages can be deleted for 15 minutes');
    }
    await this.db<MessageRow>('messages')
      .where({ id: messageId })
      .update({ deleted_at: new Date() });
  }
}

export function preview(body: string): string {
  const line = body.replace(/\s+/g, ' ');
  if (line.length <= PREVIEW_LENGTH) return line;
  const cut = line.slice(0, PREVIEW_LENGTH - 1);
  const lastSpace = cut.lastIndexOf(' ');
  return `${lastSpace > PREVIEW_LENGTH / 2 ? cut.slice(0, lastSpace) : cut}…`;
}

function toMessage(row: MessageRow): Message {
  return {
    id: row.id,
    senderId: row.sender_id,
    recipientId: row.recipient_id,
    body: row.deleted_at ? null : row.body,
    sentAt: row.created_at.toISOString(),
    read: row.read_at !== null,
  };
}

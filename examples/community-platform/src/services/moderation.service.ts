import type { Knex } from 'knex';
import type { CommunityRow, MessageRow, ReportRow, ReportSubject, UserRow } from '../db/types';
import { ConflictError, NotFoundError, ValidationError } from '../utils/errors';
import type { NotificationService } from './notification.service';
import type { TrustService } from './trust.service';

const SUSPEND_AFTER_UPHELD = 3;
const REMOTE_TIMEOUT_MS = 1_500;
const FLAG_FROM = 40;
const REJECT_FROM = 80;
const FORBIDDEN_WORDS = ['idiot', 'moron', 'loser', 'scam', 'wire transfer'];

export type Verdict = 'allow' | 'flag' | 'reject';

export interface Review {
  verdict: Verdict;
  reasons: string[];
}

export interface Subject {
  type: ReportSubject;
  id: string;
}

interface RemoteVerdict {
  decision: 'allow' | 'review' | 'block';
  findings: { rule: string }[];
}

const REMOTE_DECISIONS: Record<RemoteVerdict['decision'], Verdict> = {
  allow: 'allow',
  review: 'flag',
  block: 'reject',
};

export class ModerationService {
  constructor(
    private readonly db: Knex,
    private readonly trust: TrustService,
    private readonly notifications: NotificationService,
    private readonly serviceUrl: string | null = null,
  ) {}

  /** Asks the moderation service; when it does not answer, our own rules decide. */
  async review(text: string): Promise<Review> {
    if (!this.serviceUrl) return reviewLocally(text);
    try {
      return await this.classify(text);
    } catch {
      return reviewLocally(text);
    }
  }

  async report(reporterId: string, subject: Subject, text: string): Promise<ReportRow> {
    const reason = text.trim();
    if (reason.length < 10) {
      throw new ValidationError('Tell us in a sentence what happened', { reason: 'short' });
    }
    const accusedId = await this.accusedOf(subject);
    if (accusedId === reporterId) throw new ValidationError('You cannot report yourself');

    const open = await this.db<ReportRow>('reports')
      .where({ reporter_id: reporterId, subject_id: subject.id, status: 'open' })
      .first();
    if (open) throw new ConflictError('You have already reported this');
    const [report] = await this.db<ReportRow>('reports')
      .insert({
        reporter_id: reporterId,
        subject_type: subject.type,
        subject_id: subject.id,
        accused_id: accusedId,
        reason,
      })
      .returning('*');
    if (subject.type === 'message') {
      await this.trust.record(accusedId, 'message_reported', reporterId);
    }
    return report;
  }

  async resolve(
    reportId: string,
    moderatorId: string,
    decision: 'upheld' | 'dismissed',
  ): Promise<{ suspended: boolean }> {
    const report = await this.db<ReportRow>('reports').where({ id: reportId }).first();
    if (!report) throw new NotFoundError('Report');
    if (report.status !== 'open') throw new ConflictError(`Report is already ${report.status}`);
    if ([report.accused_id, report.reporter_id].includes(moderatorId)) {
      throw new ConflictError('Somebody else must decide about this report');
    }
    await this.db<ReportRow>('reports')
      .where({ id: reportId })
      .update({ status: decision, resolved_by: moderatorId, resolved_at: new Date() });
    if (decision === 'dismissed') return { suspended: false };

    await this.trust.record(report.accused_id, 'report_upheld', moderatorId);
    const suspended = await this.suspendRepeatOffender(report.accused_id);
    await this.notifications.notify(report.accused_id, 'moderation', {
      reportId,
      outcome: suspended ? 'suspended' : 'warning',
    });
    return { suspended };
  }

  /** Who answers for the subject: the author of a message, the owner of a community. */
  private async accusedOf({ type, id }: Subject): Promise<string> {
    switch (type) {
      case 'message': {
        const message = await this.db<MessageRow>('messages').where({ id }).first();
        if (!message) throw new NotFoundError('Message');
        return message.sender_id;
      }
      case 'community': {
        const community = await this.db<CommunityRow>('communities').where({ id }).first();
        if (!community) throw new NotFoundError('Community');
        return community.owner_id;
      }
      case 'user': {
        const user = await this.db<UserRow>('users').where({ id }).first();
        if (!user) throw new NotFoundError('User');
        return user.id;
      }
    }
  }

  private async suspendRepeatOffender(userId: string): Promise<boolean> {
    const [{ count }] = await this.db<ReportRow>('reports')
      .where({ accused_id: userId, status: 'upheld' })
      .count<{ count: string }[]>();
    if (Number(count) < SUSPEND_AFTER_UPHELD) return false;
    await this.db<UserRow>('users').where({ id: userId }).update({ status: 'suspended' });
    return true;
  }

  private async classify(text: string): Promise<Review> {
    const response = await fetch(`${this.serviceUrl}/classify`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text }),
      signal: AbortSignal.timeout(REMOTE_TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`Moderation service answered ${response.status}`);
    const { decision, findings } = (await response.json()) as RemoteVerdict;
    return {
      verdict: REMOTE_DECISIONS[decision],
      reasons: findings.map((finding) => finding.rule),
    };
  }
}

export function reviewLocally(text: string): Review {
  const reasons: string[] = [];
  let score = 0;

  const lower = text.toLowerCase();
  const words = FORBIDDEN_WORDS.filter((word) => new RegExp(`\\b${word}\\b`).test(lower));
  if (words.length > 0) {
    score += 50 * words.length;
    reasons.push('forbidden words');
  }
  const links = text.match(/https?:\/\/\S+/g) ?? [];
  if (links.length > 2) {
    score += 20 * links.length;
    reasons.push('too many links');
  }
  const letters = text.replace(/[^a-z]/gi, '');
  if (letters.length >= 12 && letters.replace(/[^A-Z]/g, '').length / letters.length > 0.7) {
    score += 20;
    reasons.push('shouting');
  }
  if (/(.)\1{5,}/.test(text)) {
    score += 20;
    reasons.push('repetition');
  }

  if (score >= REJECT_FROM) return { verdict: 'reject', reasons };
  return { verdict: score >= FLAG_FROM ? 'flag' : 'allow', reasons };
}

/** Rows as PostgreSQL returns them. `jsonb` columns arrive parsed, timestamps as dates. */

export type UserRole = 'member' | 'moderator' | 'admin';
export type UserStatus = 'active' | 'suspended' | 'deleted';

export interface UserRow {
  id: string;
  email: string;
  password_hash: string;
  display_name: string;
  bio: string | null;
  role: UserRole;
  status: UserStatus;
  interests: string[];
  email_verified_at: Date | null;
  last_seen_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

export interface BlockRow {
  blocker_id: string;
  blocked_id: string;
  created_at: Date;
}

export type JoinPolicy = 'open' | 'approval' | 'invite';
export type Visibility = 'public' | 'private';

export interface CommunityRow {
  id: string;
  slug: string;
  name: string;
  description: string | null;
  visibility: Visibility;
  join_policy: JoinPolicy;
  member_limit: number | null;
  owner_id: string;
  created_at: Date;
}

export type MembershipRole = 'owner' | 'moderator' | 'member';
export type MembershipStatus = 'active' | 'pending' | 'banned';

export interface MembershipRow {
  community_id: string;
  user_id: string;
  role: MembershipRole;
  status: MembershipStatus;
  joined_at: Date;
}

export type AssessmentKind = 'personality' | 'skills' | 'values';

export interface Question {
  id: string;
  text: string;
  dimension: string;
  /** Answers run from 1 (disagree) to 5 (agree); a reversed question counts the other way. */
  reversed?: boolean;
}

export interface AssessmentRow {
  id: string;
  title: string;
  kind: AssessmentKind;
  questions: Question[];
  author_id: string;
  published_at: Date | null;
  created_at: Date;
}

export interface AssessmentResultRow {
  id: string;
  assessment_id: string;
  user_id: string;
  answers: Record<string, number>;
  scores: Record<string, number>;
  completed_at: Date;
}

export type MatchStatus = 'accepted' | 'declined' | 'connected';

export interface MatchRow {
  id: string;
  user_id: string;
  candidate_id: string;
  status: MatchStatus;
  created_at: Date;
}

export type TrustEventKind =
  | 'email_verified'
  | 'assessment_completed'
  | 'vouch_received'
  | 'message_reported'
  | 'report_upheld';

export interface TrustEventRow {
  id: string;
  user_id: string;
  actor_id: string | null;
  kind: TrustEventKind;
  created_at: Date;
}

export type NotificationKind = 'message' | 'match' | 'join_request' | 'membership' | 'moderation';

export interface NotificationRow {
  id: string;
  user_id: string;
  kind: NotificationKind;
  payload: Record<string, string>;
  read_at: Date | null;
  created_at: Date;
}

export interface NotificationPreferenceRow {
  user_id: string;
  muted_kinds: NotificationKind[];
  /** Hours of the day (UTC) between which nothing is pushed; both null = never quiet. */
  quiet_from: number | null;
  quiet_until: number | null;
}

export interface MessageRow {
  id: string;
  sender_id: string;
  recipient_id: string;
  body: string;
  flagged: boolean;
  read_at: Date | null;
  deleted_at: Date | null;
  created_at: Date;
}

export type ReportSubject = 'message' | 'user' | 'community';
export type ReportStatus = 'open' | 'upheld' | 'dismissed';

export interface ReportRow {
  id: string;
  reporter_id: string;
  subject_type: ReportSubject;
  subject_id: string;
  accused_id: string;
  reason: string;
  status: ReportStatus;
  resolved_by: string | null;
  resolved_at: Date | null;
  created_at: Date;
}

import { randomBytes, randomUUID, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Redis } from 'ioredis';
import type { Knex } from 'knex';
import type { UserRow } from '../db/types';
import {
  ConflictError,
  ForbiddenError,
  TooManyRequestsError,
  UnauthorizedError,
  ValidationError,
  isUniqueViolation,
} from '../utils/errors';
import {
  REFRESH_TTL_SECONDS,
  signAccessToken,
  signRefreshToken,
  verifyRefreshToken,
} from '../utils/jwt';
import type { TrustService } from './trust.service';

const scryptAsync = promisify(scrypt);
const KEY_LENGTH = 64;
const MAX_FAILED_LOGINS = 5;
const LOCKOUT_SECONDS = 15 * 60;
const VERIFICATION_SECONDS = 24 * 60 * 60;

export interface Registration {
  email: string;
  password: string;
  displayName: string;
}

export interface TokenPair {
  accessToken: string;
  refreshToken: string;
}

export interface Session extends TokenPair {
  user: { id: string; email: string; displayName: string; role: UserRow['role'] };
}

export class AuthService {
  constructor(
    private readonly db: Knex,
    private readonly redis: Redis,
    private readonly trust: TrustService,
  ) {}

  async register({ email, password, displayName }: Registration): Promise<Session> {
    const problem = passwordProblem(password, email);
    if (problem) throw new ValidationError(problem, { password: problem });

    try {
      const [user] = await this.db<UserRow>('users')
        .insert({
          email: email.trim().toLowerCase(),
          password_hash: await hashPassword(password),
          display_name: displayName.trim(),
        })
        .returning('*');
      await this.sendVerification(user);
      return this.openSession(user);
    } catch (error) {
      if (isUniqueViolation(error)) {
        throw new ConflictError('This e-mail address is already in use');
      }
      throw error;
    }
  }

  async verifyEmail(code: string): Promise<void> {
    const userId = await this.redis.getdel(`verification:${code}`);
    if (!userId) throw new ValidationError('This link is not valid any more', { code: 'expired' });
    const changed = await this.db<UserRow>('users')
      .where({ id: userId })
      .whereNull('email_verified_at')
      .update({ email_verified_at: new Date() });
    if (changed > 0) await this.trust.record(userId, 'email_verified');
  }

  async login(email: string, password: string): Promise<Session> {
    const address = email.trim().toLowerCase();
    const failuresKey = `login-failures:${address}`;
    const failures = Number((await this.redis.get(failuresKey)) ?? 0);
    if (failures >= MAX_FAILED_LOGINS) {
      const remaining = await this.redis.ttl(failuresKey);
      throw new TooManyRequestsError(remaining > 0 ? remaining : LOCKOUT_SECONDS);
    }

    const user = await this.db<UserRow>('users').where({ email: address }).first();
    if (!user || !(await verifyPassword(password, user.password_hash))) {
      await this.redis.incr(failuresKey);
      await this.redis.expire(failuresKey, LOCKOUT_SECONDS);
      throw new UnauthorizedError('E-mail or password is wrong');
    }
    if (user.status === 'suspended') throw new ForbiddenError('This account is suspended');
    if (user.status === 'deleted') throw new UnauthorizedError('E-mail or password is wrong');

    await this.redis.del(failuresKey);
    await this.db('users').where({ id: user.id }).update({ last_seen_at: new Date() });
    return this.openSession(user);
  }

  /** Trades a refresh token for a new pair. A token works once: the second use is a theft signal. */
  async refresh(refreshToken: string): Promise<TokenPair> {
    const { userId, tokenId } = verifyRefreshToken(refreshToken);
    const removed = await this.redis.srem(`sessions:${userId}`, tokenId);
    if (removed === 0) {
      await this.redis.del(`sessions:${userId}`);
      throw new UnauthorizedError('Session has ended');
    }
    const user = await this.db<UserRow>('users').where({ id: userId, status: 'active' }).first();
    if (!user) throw new UnauthorizedError('Session has ended');
    return this.issueTokens(user);
  }

  async logout(userId: string, refreshToken?: string): Promise<void> {
    if (!refreshToken) {
      await this.redis.del(`sessions:${userId}`);
      return;
    }
    const claims = verifyRefreshToken(refreshToken);
    if (claims.userId !== userId) throw new ForbiddenError('This session belongs to somebody else');
    await this.redis.srem(`sessions:${userId}`, claims.tokenId);
  }

  /** The mailer listens on the channel `mail`; a code it never delivers expires by itself. */
  private async sendVerification(user: UserRow): Promise<void> {
    const code = randomUUID();
    await this.redis.set(`verification:${code}`, user.id, 'EX', VERIFICATION_SECONDS);
    await this.redis.publish(
      'mail',
      JSON.stringify({ to: user.email, template: 'verify-email', code }),
    );
  }

  private async openSession(user: UserRow): Promise<Session> {
    const { id, email, display_name, role } = user;
    return {
      ...(await this.issueTokens(user)),
      user: { id, email, displayName: display_name, role },
    };
  }

  private async issueTokens(user: UserRow): Promise<TokenPair> {
    const { token, tokenId } = signRefreshToken(user.id);
    await this.redis.sadd(`sessions:${user.id}`, tokenId);
    await this.redis.expire(`sessions:${user.id}`, REFRESH_TTL_SECONDS);
    return {
      accessToken: signAccessToken({ userId: user.id, role: user.role }),
      refreshToken: token,
    };
  }
}

export function passwordProblem(password: string, email: string): string | null {
  if (password.length < 10) return 'Password must have at least 10 characters';
  if (password.length > 200) return 'Password must have at most 200 characters';
  if (!/\d/.test(password) || !/[a-z]/i.test(password)) {
    return 'Password needs letters and digits';
  }
  const [localPart] = email.toLowerCase().split('@');
  if (localPart.length >= 3 && password.toLowerCase().includes(localPart)) {
    return 'Password must not contain your e-mail name';
  }
  return null;
}

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = (await scryptAsync(password, salt, KEY_LENGTH)) as Buffer;
  return `scrypt$${salt.toString('base64')}$${key.toString('base64')}`;
}

export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [scheme, salt, key] = stored.split('$');
  if (scheme !== 'scrypt' || !salt || !key) return false;
  const expected = Buffer.from(key, 'base64');
  const actual = (await scryptAsync(password, Buffer.from(salt, 'base64'), KEY_LENGTH)) as Buffer;
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

import jwt from 'jsonwebtoken';
import { env } from '../../config/env';
import {
  bearerToken,
  signAccessToken,
  signRefreshToken,
  verifyAccessToken,
  verifyRefreshToken,
} from '../jwt';

describe('access tokens', () => {
  afterEach(() => jest.useRealTimers());

  it('carry the user and the role', () => {
    const token = signAccessToken({ userId: 'u1', role: 'moderator' });
    expect(verifyAccessToken(token)).toEqual({ userId: 'u1', role: 'moderator' });
  });

  it('expire after 15 minutes', () => {
    jest.useFakeTimers({ now: new Date('2025-06-01T12:00:00Z') });
    const token = signAccessToken({ userId: 'u1', role: 'member' });
    jest.setSystemTime(new Date('2025-06-01T12:15:01Z'));
    expect(() => verifyAccessToken(token)).toThrow('Token has expired');
  });

  it('are refused when somebody else signed them', () => {
    const token = jwt.sign({ use: 'access', role: 'admin' }, 'another secret', { subject: 'u1' });
    expect(() => verifyAccessToken(token)).toThrow('Token is invalid');
  });

  it('are refused when the issuer is another one', () => {
    const token = jwt.sign({ use: 'access' }, env.jwtSecret, {
      subject: 'u1',
      issuer: 'elsewhere',
    });
    expect(() => verifyAccessToken(token)).toThrow('Token is invalid');
  });
});

describe('refresh tokens', () => {
  it('carry the id they were signed with', () => {
    const { token, tokenId } = signRefreshToken('u1');
    expect(verifyRefreshToken(token)).toEqual({ userId: 'u1', tokenId });
  });

  it('do not pass for access tokens', () => {
    const { token } = signRefreshToken('u1');
    expect(() => verifyAccessToken(token)).toThrow('Not a valid access token');
  });
});

describe('bearerToken', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer   abc', 'abc'],
    ['Basic abc', null],
    ['Bearer', null],
    ['Bearer a b', null],
    [undefined, null],
  ])('reads %p as %p', (header, token) => {
    expect(bearerToken(header)).toBe(token);
  });
});

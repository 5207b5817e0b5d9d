import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { ZodError } from 'zod';
import { AppError, TooManyRequestsError, isUniqueViolation } from '../utils/errors';

export interface ErrorBody {
  error: { code: string; message: string; details?: Record<string, string> };
}

export function errorHandler(
  error: FastifyError | Error,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const { status, body } = describeError(error);
  if (status >= 500) request.log.error({ err: error }, 'request failed');
  if (error instanceof TooManyRequestsError) reply.header('retry-after', error.retryAfterSeconds);
  return reply.status(status).send(body);
}

export function notFoundHandler(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const message = `No route ${request.method} ${request.url.split('?')[0]}`;
  return reply.status(404).send({ error: { code: 'not_found', message } });
}

/** Maps any thrown value to what the caller may know; the cause of a 500 stays in the log. */
export function describeError(error: unknown): { status: number; body: ErrorBody } {
  if (error instanceof AppError) {
    const { code, message, details } = error;
    return {
      status: error.statusCode,
      body: { error: { code, message, ...(details ? { details } : {}) } },
    };
  }
  if (error instanceof ZodError) {
    const details = Object.fromEntries(
      error.issues.map((issue) => [issue.path.join('.') || 'body', issue.message]),
    );
    return invalid('The request is not valid', details);
  }
  if (isUniqueViolation(error)) {
    return { status: 409, body: { error: { code: 'conflict', message: 'This already exists' } } };
  }
  if (error instanceof Error) {
    const { statusCode, validation } = error as FastifyError;
    if (validation) return invalid(error.message);
    if (statusCode && statusCode >= 400 && statusCode < 500) {
      return {
        status: statusCode,
        body: { error: { code: 'bad_request', message: error.message } },
      };
    }
  }
  return {
    status: 500,
    body: { error: { code: 'internal', message: 'Something went wrong on our side' } },
  };
}

function invalid(message: string, details?: Record<string, string>) {
  return {
    status: 400,
    body: { error: { code: 'validation_failed', message, ...(details ? { details } : {}) } },
  };
}

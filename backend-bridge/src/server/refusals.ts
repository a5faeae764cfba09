import { RequestError, UnavailableError, type RequestErrorCode } from '../domain/errors';
import type { components } from './api-types';

/** HTTP error responses: one status per code, one body shape. */

export type ErrorBody = components['schemas']['Error'];

export const STATUS_OF: Readonly<Record<RequestErrorCode, number>> = {
  bad_request: 400,
  malformed_json: 400,
  unknown_type: 400,
  unauthenticated: 401,
  forbidden: 403,
  origin_refused: 403,
  host_refused: 403,
  unknown_metric: 404,
  unknown_subscription: 404,
  not_found: 404,
  ingest_disabled: 404,
  method_not_allowed: 405,
  duplicate_subscription: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  unknown_measure: 422,
  unknown_dimension: 422,
  invalid_range: 422,
  invalid_filter: 422,
  invalid_regex: 422,
  invalid_step: 422,
  invalid_over_time: 422,
  not_combinable: 422,
  not_an_event_metric: 422,
  range_too_large: 422,
  invalid_forecast: 422,
  not_inspectable: 422,
  too_many_subscriptions: 429,
  rate_limited: 429,
  internal: 500,
  overloaded: 503,
  store_unavailable: 503,
  source_unavailable: 503,
};

/** Retry-After in seconds, by code. */
const RETRY_AFTER_S: Partial<Record<RequestErrorCode, number>> = {
  rate_limited: 6,
  overloaded: 1,
  store_unavailable: 2,
  source_unavailable: 2,
};

export function retryAfterSeconds(code: RequestErrorCode): number | undefined {
  return RETRY_AFTER_S[code];
}

export function errorBody(error: RequestError): ErrorBody {
  return {
    error: {
      code: error.code,
      message: error.message,
      retryable: error.retryable,
      details: { ...error.details },
    },
  };
}

/** fastify's errors by code; others are mapped by status. */
const FASTIFY_ERRORS: Readonly<Record<string, readonly [RequestErrorCode, string]>> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: ['malformed_json', 'The body is empty; send a JSON document'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['malformed_json', 'The body is not valid JSON'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['bad_request', 'The body length differs from Content-Length'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'Send the body as application/json'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['payload_too_large', 'The body exceeds the size limit of this bridge'],
  FST_ERR_BAD_URL: ['bad_request', 'The path is not a valid URL; percent-encode special characters'],
  FST_ERR_MAX_PARAM_LENGTH: ['bad_request', 'A part of the path is too long'],
};

const BY_STATUS: Readonly<Record<number, RequestErrorCode>> = {
  400: 'bad_request',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
};

/**
 * The error to respond with. Unexpected failures become `internal` without their text, which goes to the log and may
 * hold what a caller must not see.
 */
export function refusalFor(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof UnavailableError) {
    const code = error.hop === 'store' ? 'store_unavailable' : 'source_unavailable';
    return new RequestError(code, error.message, { hop: error.hop }, true);
  }
  if (error instanceof SyntaxError && 'statusCode' in error) {
    return new RequestError('malformed_json', `The body is not valid JSON: ${error.message}`);
  }
  if (error instanceof Error) {
    const { code, statusCode } = error as Error & { code?: unknown; statusCode?: unknown };
    const known = typeof code === 'string' ? FASTIFY_ERRORS[code] : undefined;
    if (known) return new RequestError(known[0], known[1]);
    if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
      return new RequestError(
        BY_STATUS[statusCode] ?? 'bad_request',
        error.message || 'The request was refused',
      );
    }
  }
  return new RequestError('internal', 'Internal error; see the log of the bridge', {}, true);
}

import { withoutCredentials } from './credentials';

/**
 * Errors that say who is at fault and whether a retry can help. Their messages reach /readyz, which is public, and
 * often quote a library, which may quote a URL: credentials are masked here for all of them.
 */

export type Hop = 'source' | 'kafka' | 'schema_registry' | 'dead_letter' | 'pipeline' | 'store';

/** A hop does not answer; the same call may succeed later. Nothing was lost. */
export class UnavailableError extends Error {
  constructor(
    readonly hop: Hop,
    message: string,
    options?: ErrorOptions,
  ) {
    super(withoutCredentials(message), options);
    this.name = 'UnavailableError';
  }
}

/** The bridge cannot start; the message says what to change. */
export class StartRefusedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(withoutCredentials(message), options);
    this.name = 'StartRefusedError';
  }
}

/** Error codes of refused requests, equal to those of the OpenAPI file. Never renamed. */
export type RequestErrorCode =
  | 'bad_request'
  | 'malformed_json'
  | 'unknown_metric'
  | 'unknown_measure'
  | 'unknown_dimension'
  | 'unknown_type'
  | 'invalid_range'
  | 'invalid_filter'
  | 'invalid_regex'
  | 'invalid_step'
  | 'invalid_over_time'
  | 'not_combinable'
  | 'not_an_event_metric'
  | 'range_too_large'
  | 'invalid_forecast'
  | 'not_inspectable'
  | 'too_many_subscriptions'
  | 'unknown_subscription'
  | 'duplicate_subscription'
  | 'unauthenticated'
  | 'forbidden'
  | 'origin_refused'
  | 'host_refused'
  | 'not_found'
  | 'method_not_allowed'
  | 'unsupported_media_type'
  | 'payload_too_large'
  | 'rate_limited'
  | 'ingest_disabled'
  | 'overloaded'
  | 'store_unavailable'
  | 'source_unavailable'
  | 'internal';

/** An invalid request. */
export class RequestError extends Error {
  constructor(
    readonly code: RequestErrorCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    readonly retryable = false,
  ) {
    super(message);
    this.name = 'RequestError';
  }
}

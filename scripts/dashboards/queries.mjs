/**
 * Queries in the form in which they are saved (src/datasource/query.ts). Nothing is written that equals a default,
 * but `version`, by which later versions know what they migrate.
 */

/** The data source that the dashboard's own variable names. */
export const DATA_SOURCE = { type: 'streamkpi-realtime-datasource', uid: '${datasource}' };

const query = (refId, fields) => ({ refId, datasource: DATA_SOURCE, version: 1, ...fields });

/** Only the chosen segments; with All there is no filter, so that new segments are not lost. */
export const SEGMENTS = { dimension: 'segment', op: '=', values: ['$segment'] };
export const USERS = { dimension: 'user_id', op: '=', values: ['$user'] };

/** Points over time; of closed windows, so that no line dives at its end. */
export const series = (refId, metric, fields = {}) =>
  query(refId, { kind: 'series', metric, openWindows: 'exclude', ...fields });

/** Last value, change and statistics over the range. */
export const summary = (refId, metric, fields = {}) => query(refId, { kind: 'summary', metric, ...fields });

/** What happened, the newest first. */
export const events = (refId, metric, fields = {}) => query(refId, { kind: 'events', metric, ...fields });

/** What is expected, and how unusual what happened was. */
export const forecast = (refId, metric, fields = {}) => query(refId, { kind: 'forecast', metric, ...fields });

/** The bridge and what feeds it. */
export const status = (refId, fields = {}) => query(refId, { kind: 'status', ...fields });

import type { QueryFilter, StreamKpiQuery } from './query';
import { isText, readFilters, readQuery, readTexts } from './saved-query';

/** A query in words, for where there is no room for its editor. */
export function queryText(saved: StreamKpiQuery): string {
  const query = withTextsOnly(readQuery(saved));
  const kind = query.kind ?? 'series';
  if (kind === 'status') return statusText(query);
  const metric = query.metric ?? '';
  if (metric === '') return 'No metric chosen yet';
  const subject = kind === 'events' ? eventsSubject(query, metric) : measureSubject(query, metric);
  const parts = [subject, ...filtersText(readFilters(query.filters))];
  if (kind !== 'events' && query.groupBy !== undefined) {
    const names = readTexts(query.groupBy);
    parts.push(names.length === 0 ? 'all series combined' : `by ${names.join(', ')}`);
  }
  if (kind === 'series' || kind === 'forecast') parts.push(...stepText(query));
  if (kind === 'forecast') parts.push(...forecastText(query));
  if (kind !== 'forecast' && query.openWindows === 'include') parts.push('with open windows');
  if (kind !== 'forecast' && query.openWindows === 'exclude') parts.push('closed windows only');
  if (kind === 'series' && query.openWindows === 'separate') parts.push('open windows apart');
  if (query.timeShift !== undefined && query.timeShift !== '') parts.push(`${query.timeShift} before`);
  return parts.join(', ');
}

/** Without fields that nothing can be said of. */
const withTextsOnly = (query: StreamKpiQuery): StreamKpiQuery =>
  Object.fromEntries(
    Object.entries(query).filter(([, value]) => isText(value) || Array.isArray(value)),
  ) as unknown as StreamKpiQuery;

const STATISTICS: Readonly<Record<string, string>> = {
  last: 'Last value',
  previous: 'Value before the last',
  delta: 'Change of the last value',
  min: 'Smallest value',
  max: 'Largest value',
  avg: 'Average',
  sum: 'Sum',
  count: 'Number of windows',
};

const FORECAST: Readonly<Record<string, string>> = {
  bands: 'Forecast',
  score: 'Anomaly score',
  expected: 'Expected value',
  lower: 'Lower end of the band',
  upper: 'Upper end of the band',
  anomalous: 'Whether anomalous',
  anomalous_share: 'Share of anomalous steps',
  anomalies: 'Anomalies',
  backtest: 'Backtest',
};

function measureSubject({ kind, measure, stat, forecastAs }: StreamKpiQuery, metric: string): string {
  const name = measure === undefined || measure === '' ? metric : `${measure} of ${metric}`;
  if (kind === 'forecast') return `${FORECAST[forecastAs ?? 'bands'] ?? forecastAs} of ${name}`;
  if (kind !== 'summary') return name;
  return stat === undefined ? `Summary of ${name}` : `${STATISTICS[stat] ?? stat} of ${name}`;
}

function eventsSubject(query: StreamKpiQuery, metric: string): string {
  const { eventsAs, eventState, limit } = query;
  const severities = readTexts(query.severities);
  const state = eventState === undefined || eventState === 'all' ? '' : `${eventState} `;
  const severity = severities.length === 0 ? '' : `${severities.join(' or ')} `;
  const events = `${state}${severity}events of ${metric}`;
  if (eventsAs === 'count') return `Number of ${events}`;
  if (eventsAs === 'value') return `Newest values of ${events}`;
  return limit === undefined ? upperFirst(events) : `The newest ${limit} ${events}`;
}

const STATUS: Readonly<Record<string, string>> = {
  table: 'State of the bridge, hop by hop',
  ready: 'Whether the bridge is ready',
  freshness: 'How far the metrics are behind the clock',
  lag: 'Records still to be read',
  dead_letters: 'Records that could not be read',
  records: 'Records read',
  clients: 'Connected clients',
};

function statusText({ statusAs = 'table', statusOver }: StreamKpiQuery): string {
  const what = STATUS[statusAs] ?? statusAs;
  return statusOver === 'range' && statusAs !== 'table' ? `${what}, over time` : what;
}

const OPERATORS: Readonly<Record<string, string>> = {
  '=': 'is',
  '!=': 'is not',
  '=~': 'matches',
  '!~': 'does not match',
};

const filtersText = (filters: readonly QueryFilter[]): string[] =>
  filters.map(({ dimension, op, values }) => `${dimension} ${OPERATORS[op] ?? op} ${values.join(' or ')}`);

const OVER_TIME: Readonly<Record<string, string>> = {
  avg: 'average',
  sum: 'sum',
  min: 'smallest',
  max: 'largest',
  last: 'last',
};

function stepText({ step, overTime, fill }: StreamKpiQuery): string[] {
  const parts: string[] = [];
  const rule = overTime === undefined ? undefined : (OVER_TIME[overTime] ?? overTime);
  if (step === 'window') parts.push('window by window');
  else if (step !== undefined && step !== '' && step !== 'auto') parts.push(`in steps of ${step}`);
  if (rule !== undefined) parts.push(`${rule} over time`);
  if (fill === 'zero') parts.push('gaps as zero');
  if (fill === 'null') parts.push('gaps shown');
  return parts;
}

function forecastText({ direction, minChange, forSteps }: StreamKpiQuery): string[] {
  const parts: string[] = [];
  if (direction === 'up' || direction === 'down') parts.push(`${direction} only`);
  if (minChange !== undefined && minChange > 0) parts.push(`from ${minChange} off`);
  if (forSteps !== undefined && forSteps > 1) parts.push(`for ${forSteps} steps`);
  return parts;
}

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

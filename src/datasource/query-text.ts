import { t } from '../locales/translate';
import { QUERY_SCHEMA, type QueryFilter, type StreamKpiQuery } from './query';
import { isText, readFilters, readQuery, readTexts } from './saved-query';

/** Describes a query in words where its editor does not fit. */
export function queryText(saved: StreamKpiQuery): string {
  const query = withTextsOnly(readQuery(saved));
  const kind = query.kind ?? QUERY_SCHEMA.kind.default;
  if (kind === 'status') return statusText(query);
  const metric = query.metric ?? '';
  if (metric === '') return t('query-text.no-metric', 'No metric chosen yet');
  const subject = kind === 'events' ? eventsSubject(query, metric) : measureSubject(query, metric);
  const parts = [subject, ...filtersText(readFilters(query.filters))];
  if (kind !== 'events' && query.groupBy !== undefined) {
    const names = readTexts(query.groupBy);
    parts.push(
      names.length === 0
        ? t('query-text.combined', 'all series combined')
        : t('query-text.by', 'by {{names}}', { names: names.join(', ') }),
    );
  }
  if (kind === 'series' || kind === 'forecast') parts.push(...stepText(query));
  if (kind === 'forecast') parts.push(...forecastText(query));
  const windows = windowsText(query);
  if (windows !== undefined) parts.push(windows);
  const { timeShift } = query;
  if (timeShift !== undefined && timeShift !== '')
    parts.push(t('query-text.before', '{{timeShift}} before', { timeShift }));
  return parts.join(', ');
}

/** Without fields that nothing can be said of. */
const withTextsOnly = (query: StreamKpiQuery): StreamKpiQuery =>
  Object.fromEntries(
    Object.entries(query).filter(([, value]) => isText(value) || Array.isArray(value)),
  ) as unknown as StreamKpiQuery;

const statisticText = (stat: string): string =>
  ({
    last: t('query-text.statistic.last', 'Last value'),
    previous: t('query-text.statistic.previous', 'Value before the last'),
    delta: t('query-text.statistic.delta', 'Change of the last value'),
    min: t('query-text.statistic.min', 'Smallest value'),
    max: t('query-text.statistic.max', 'Largest value'),
    avg: t('query-text.statistic.avg', 'Average'),
    sum: t('query-text.statistic.sum', 'Sum'),
    count: t('query-text.statistic.count', 'Number of windows'),
  })[stat] ?? stat;

const ofText = (what: string, name: string): string =>
  t('query-text.of', '{{what}} of {{name}}', { what, name });

const forecastForm = (form: string): string =>
  ({
    bands: t('query-text.forecast.bands', 'Forecast'),
    score: t('query-text.forecast.score', 'Anomaly score'),
    expected: t('query-text.forecast.expected', 'Expected value'),
    lower: t('query-text.forecast.lower', 'Lower end of the band'),
    upper: t('query-text.forecast.upper', 'Upper end of the band'),
    anomalous: t('query-text.forecast.anomalous', 'Whether anomalous'),
    anomalous_share: t('query-text.forecast.anomalous-share', 'Share of anomalous steps'),
    anomalies: t('query-text.forecast.anomalies', 'Anomalies'),
    backtest: t('query-text.forecast.backtest', 'Backtest'),
  })[form] ?? form;

function measureSubject({ kind, measure, stat, forecastAs }: StreamKpiQuery, metric: string): string {
  const name = measure === undefined || measure === '' ? metric : ofText(measure, metric);
  if (kind === 'forecast') return ofText(forecastForm(forecastAs ?? QUERY_SCHEMA.forecastAs.default), name);
  if (kind !== 'summary') return name;
  return ofText(stat === undefined ? t('query-text.summary', 'Summary') : statisticText(stat), name);
}

function eventsSubject(query: StreamKpiQuery, metric: string): string {
  const { eventsAs, eventState, limit } = query;
  const which = [
    ...(eventState === undefined || eventState === 'all' ? [] : [eventState]),
    ...(query.severities === undefined ? [] : [either(readTexts(query.severities))]),
  ].filter((text) => text !== '');
  const events =
    which.length === 0
      ? t('query-text.events', 'events of {{metric}}', { metric })
      : t('query-text.some-events', '{{which}} events of {{metric}}', { which: which.join(' '), metric });
  if (eventsAs === 'count') return t('query-text.events-count', 'Number of {{events}}', { events });
  if (eventsAs === 'value') return t('query-text.events-value', 'Newest values of {{events}}', { events });
  return limit === undefined
    ? upperFirst(events)
    : t('query-text.newest-events', 'The newest {{limit}} {{events}}', { limit, events });
}

const statusForm = (form: string): string =>
  ({
    table: t('query-text.status.table', 'State of the bridge, hop by hop'),
    ready: t('query-text.status.ready', 'Whether the bridge is ready'),
    freshness: t('query-text.status.freshness', 'How far the metrics are behind the clock'),
    lag: t('query-text.status.lag', 'Records still to be read'),
    dead_letters: t('query-text.status.dead-letters', 'Records that could not be read'),
    records: t('query-text.status.records', 'Records read'),
    clients: t('query-text.status.clients', 'Connected clients'),
  })[form] ?? form;

function statusText({ statusAs = QUERY_SCHEMA.statusAs.default, statusOver }: StreamKpiQuery): string {
  const what = statusForm(statusAs);
  return statusOver === 'range' && statusAs !== 'table'
    ? t('query-text.status.over-time', '{{what}}, over time', { what })
    : what;
}

const either = (texts: readonly string[]): string => texts.join(` ${t('query-text.or', 'or')} `);

const operatorText = (op: string): string =>
  ({
    '=': t('query-text.operator.equal', 'is'),
    '!=': t('query-text.operator.not-equal', 'is not'),
    '=~': t('query-text.operator.match', 'matches'),
    '!~': t('query-text.operator.no-match', 'does not match'),
  })[op] ?? op;

const filtersText = (filters: readonly QueryFilter[]): string[] =>
  filters.map(({ dimension, op, values }) => `${dimension} ${operatorText(op)} ${either(values)}`);

const overTimeText = (rule: string): string =>
  ({
    avg: t('query-text.over-time.avg', 'average'),
    sum: t('query-text.over-time.sum', 'sum'),
    min: t('query-text.over-time.min', 'smallest'),
    max: t('query-text.over-time.max', 'largest'),
    last: t('query-text.over-time.last', 'last'),
  })[rule] ?? rule;

function stepText({ step, overTime, fill }: StreamKpiQuery): string[] {
  const parts: string[] = [];
  if (step === 'window') parts.push(t('query-text.step.window', 'window by window'));
  else if (step !== undefined && step !== '' && step !== 'auto')
    parts.push(t('query-text.step.of', 'in steps of {{step}}', { step }));
  if (overTime !== undefined)
    parts.push(t('query-text.over-time.rule', '{{rule}} over time', { rule: overTimeText(overTime) }));
  if (fill === 'zero') parts.push(t('query-text.fill.zero', 'gaps as zero'));
  if (fill === 'null') parts.push(t('query-text.fill.null', 'gaps shown'));
  return parts;
}

function forecastText({ direction, minChange, forSteps }: StreamKpiQuery): string[] {
  const parts: string[] = [];
  if (direction === 'up') parts.push(t('query-text.forecast.up', 'up only'));
  if (direction === 'down') parts.push(t('query-text.forecast.down', 'down only'));
  if (minChange !== undefined && minChange > 0)
    parts.push(t('query-text.forecast.min-change', 'from {{minChange}} off', { minChange }));
  if (forSteps !== undefined && forSteps > 1)
    parts.push(t('query-text.forecast.for-steps', 'for {{forSteps}} steps', { forSteps }));
  return parts;
}

function windowsText({ kind = QUERY_SCHEMA.kind.default, openWindows }: StreamKpiQuery): string | undefined {
  if (kind === 'forecast') return undefined;
  if (openWindows === 'include') return t('query-text.windows.include', 'with open windows');
  if (openWindows === 'exclude') return t('query-text.windows.exclude', 'closed windows only');
  if (openWindows === 'separate' && kind === 'series')
    return t('query-text.windows.separate', 'open windows apart');
  return undefined;
}

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

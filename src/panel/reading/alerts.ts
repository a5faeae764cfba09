import { locationUtil, type DataFrame, type Field, type LinkModel } from '@grafana/data';
import { t } from '../../locales/translate';
import { frameMeta } from '../../frames/frame-meta';
import { BY_SEVERITY_DESC, type Severity } from '../severity';
import { severityWords } from '../alerts/severity-words';
import type { AlertOptions } from '../options/panel-options';
import type { AlertModel, AlertsModel, AlertTime, UnresolvedAlerts } from './alert-model';
import type { Labels } from './card-model';
import type { ConnectionModel } from './connection';
import { learningText } from './forecast-source';
import {
  column,
  labelsAt,
  labelsKey,
  labelsText,
  numberAt,
  numberColumns,
  textAt,
  timeAt,
  timeColumn,
} from './frame-columns';
import { linksOf, shownValue, wholeText, type DisplayContext } from './shown-value';

/**
 * The newest revision of each event of the frames, newest event first.
 *
 * @param options - with the dashboard's variables in the link filled in already
 * @param connection - of these frames
 */
export function readAlerts(
  frames: readonly DataFrame[],
  options: AlertOptions,
  context: DisplayContext,
  connection?: ConnectionModel,
): AlertsModel {
  const newest = new Map<string, AlertModel>();
  for (const frame of frames) {
    for (let row = 0; row < frame.length; row++) {
      const alert = alertAt(frame, row, options, context);
      const known = newest.get(alert.id);
      if (known === undefined || isNewer(alert, known)) newest.set(alert.id, alert);
    }
  }
  const all = [...newest.values()].sort(byNewest);
  const wanted = all.filter(
    ({ severity, state }) =>
      (options.severities.length === 0 || options.severities.includes(severity)) &&
      (options.state === 'all' || state === null || state === options.state),
  );
  return {
    kept: wanted.slice(0, Math.max(1, options.keep)),
    total: all.length,
    open: all.filter(({ state }) => state === 'open').length,
    matching: wanted.length,
    unresolved: unresolvedOf(wanted),
    fed: frames.length > 0,
    truncated: frames.some((frame) => frameMeta(frame)?.truncated === true),
    doubt: learningOf(frames) ?? (connection === undefined ? null : lossOf(connection)),
  };
}

/** Anomalies are of a forecast, which has none while it learns. */
function learningOf(frames: readonly DataFrame[]): string | null {
  const learning = frames.map((frame) => frameMeta(frame)?.forecast).find((of) => of?.state === 'learning');
  return learning === undefined ? null : learningText(learning);
}

/** Why nothing newer is known; null while the source answers. */
const lossOf = ({ state, message }: ConnectionModel): string | null =>
  state === 'error' || state === 'disconnected'
    ? message || t('alerts.no-answer', 'The data source does not answer.')
    : null;

/** @param alerts - newest first */
function unresolvedOf(alerts: readonly AlertModel[]): UnresolvedAlerts | null {
  const unresolved = alerts.filter(({ state }) => state !== 'resolved');
  const mostSevere = BY_SEVERITY_DESC.find((severity) =>
    unresolved.some((alert) => alert.severity === severity),
  );
  const [newest] = unresolved;
  if (newest === undefined || mostSevere === undefined) return null;
  return { count: unresolved.length, mostSevere, newest: newest.message };
}

const isNewer = (alert: AlertModel, known: AlertModel): boolean =>
  alert.revision !== known.revision
    ? alert.revision > known.revision
    : (alert.updated ?? 0) > (known.updated ?? 0);

const byNewest = (a: AlertModel, b: AlertModel): number =>
  (b.started ?? 0) - (a.started ?? 0) ||
  (b.firstSeen ?? 0) - (a.firstSeen ?? 0) ||
  (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** Columns with a meaning of their own; the other text columns are labels. */
const NOT_LABELS: ReadonlySet<string> = new Set([
  ...['time', 'timeEnd', 'title', 'text', 'message', 'body', 'tags', 'id', 'severity', 'level', 'state'],
  ...['status', 'metric', 'measure'],
]);

function alertAt(frame: DataFrame, row: number, options: AlertOptions, context: DisplayContext): AlertModel {
  const labels = labelsAt(frame, row, NOT_LABELS);
  const metric = textAt(column(frame, 'metric'), row) || (frameMeta(frame)?.metric ?? '');
  const title = textAt(column(frame, 'title'), row);
  const own = textAt(column(frame, 'text', 'message', 'body'), row);
  // What an anomaly says of itself does not name the metric.
  const isNamed = frameMeta(frame)?.kind !== 'forecast' || title === '' || own.includes(title);
  const message = (isNamed ? own : `${title} – ${own}`) || title || labelsText(labels) || metric;
  const started = timeAt(column(frame, 'time') ?? timeColumn(frame), row);
  const ended = timeAt(column(frame, 'timeEnd'), row);
  const valueField = column(frame, 'value') ?? numberColumns(frame).find(({ name }) => name !== 'revision');
  const value = numberAt(valueField, row);
  const updated = timeAt(column(frame, 'updated'), row);
  const firstSeen = timeAt(column(frame, 'first_seen'), row);
  const severity = severityOf(textAt(column(frame, 'severity', 'level'), row));
  const id =
    textAt(column(frame, 'id'), row) || JSON.stringify([metric, labelsKey(labels), started, message]);
  return {
    id,
    severity,
    state: stateOf(textAt(column(frame, 'state', 'status'), row), ended),
    message,
    labels,
    labelText: labelsText(unmentioned(labels, message)),
    metric,
    value: value === null || valueField === undefined ? null : shownValue(valueField, value, context),
    started,
    firstSeen: firstSeen ?? started,
    updated,
    latest: latestOf({ firstSeen, updated, started, ended }),
    revision: numberAt(column(frame, 'revision'), row) ?? 0,
    links: [
      ...rowLinks(frame, valueField, row),
      ...templateLink(options, {
        ...labels,
        id,
        metric,
        severity,
        value: textAt(valueField, row),
        time: text(started),
      }),
    ],
  };
}

/** An event detected this long after its window stems from records that were read late, e.g. in a replay. */
const LATE_MS = 5 * 60_000;

/**
 * When an event last changed, as a reader takes it: of one that was read from an older past (a topic read again from its
 * beginning) the time of reading would make it look new, so it says when it ended.
 */
function latestOf(times: {
  readonly firstSeen: number | null;
  readonly updated: number | null;
  readonly started: number | null;
  readonly ended: number | null;
}): AlertTime | null {
  const { firstSeen, updated, started, ended } = times;
  const over = ended ?? started;
  const isLate = firstSeen !== null && over !== null && firstSeen - over > LATE_MS;
  if (isLate) return ended === null || ended === started ? null : { at: ended, says: 'Ended' };
  return updated === null ? null : { at: updated, says: 'Updated' };
}

const text = (time: number | null): string => (time === null ? '' : String(time));

/** Labels whose value the message says already need no second mention. */
const unmentioned = (labels: Labels, message: string): Labels =>
  Object.fromEntries(Object.entries(labels).filter(([, value]) => !message.includes(value)));

const CRITICAL = /^(critical|crit|error|err|fatal|emergency|alert|high|page|p1)$/i;
const WARNING = /^(warning|warn|medium|moderate|major|p2)$/i;

/** Severities of other sources by their usual names; unknown ones count as info. */
export const severityOf = (name: string): Severity =>
  CRITICAL.test(name) ? 'critical' : WARNING.test(name) ? 'warning' : 'info';

const OPEN = /^(open|firing|active|alerting|triggered|pending|problem)$/i;
const RESOLVED = /^(resolved|closed|ok|normal|inactive|cleared)$/i;

function stateOf(name: string, ended: number | null): AlertModel['state'] {
  if (OPEN.test(name)) return 'open';
  if (RESOLVED.test(name)) return 'resolved';
  return name === '' && ended !== null ? 'resolved' : null;
}

function rowLinks(frame: DataFrame, valueField: Field | undefined, row: number): LinkModel[] {
  const fields = [valueField, column(frame, 'id'), column(frame, 'title'), column(frame, 'text', 'message')];
  const seen = new Set<string>();
  return fields
    .flatMap((field) => (field === undefined ? [] : linksOf(field, row)))
    .filter(({ href, title }) => {
      const key = JSON.stringify([href, title]);
      return !seen.has(key) && seen.add(key);
    });
}

/**
 * The address of the options with this event's values, each encoded, below Grafana's own address where it begins with a
 * slash; none where it is not a web address. Not by way of Grafana's sanitizeUrl, which gives back a decoded address:
 * an `&` in a value would begin the next parameter.
 */
function templateLink(options: AlertOptions, values: Readonly<Record<string, string>>): LinkModel[] {
  if (options.link.trim() === '') return [];
  const filled = options.link.replace(/\{\{\s*([^{}]*?)\s*\}\}/g, (_, name: string) =>
    Object.hasOwn(values, name) ? encodeURIComponent(values[name] ?? '') : '',
  );
  const href = locationUtil.assureBaseUrl(filled.trim());
  if (href === '' || !isWebAddress(href)) return [];
  return [
    {
      href,
      title: options.linkTitle.trim() || t('alerts.details', 'Details'),
      target: undefined,
      origin: undefined,
    },
  ];
}

/** As the browser itself reads it: `javascript:` is not an address, however it is written. */
function isWebAddress(address: string): boolean {
  try {
    return /^https?:$/.test(new URL(address, window.location.href).protocol);
  } catch {
    return false;
  }
}

/** What a screen reader says of an alert. */
export const spokenAlert = (alert: AlertModel): string =>
  [
    t('alerts.spoken', '{{severity}} alert: {{message}}', {
      severity: severityWords(alert.severity).name.toLocaleLowerCase(),
      message: alert.message,
    }),
    alert.labelText,
    alert.value === null
      ? ''
      : t('alerts.spoken-value', 'value {{value}}', { value: wholeText(alert.value) }),
  ]
    .filter((part) => part !== '')
    .join(', ');

import { useMemo, useRef } from 'react';
import { isEqual } from 'lodash';
import { LoadingState, type DataFrame, type DataQueryError, type PanelProps } from '@grafana/data';
import { useTheme2 } from '@grafana/ui';
import { t } from '../locales/translate';
import { frameMeta } from '../frames/frame-meta';
import { WARNING_STATUS } from '../frames/warning-status';
import { ClockOffsetEstimate } from './clock/clock-offset';
import type { KpiPanelOptions, Section } from './options/panel-options';
import { NO_ALERTS, type AlertModel, type AlertsModel } from './reading/alert-model';
import { readAlerts } from './reading/alerts';
import type { CardModel } from './reading/card-model';
import { NO_CARDS, readCards, type CardsReading } from './reading/cards';
import { ofSnapshot, readConnection, type ConnectionModel } from './reading/connection';
import { fixedRangeEnd } from './reading/freshness';
import { sectionFrames, shownSections } from './reading/sections';
import { withOpenWindowsJoined } from './reading/open-windows';
import { asksForStatus, isSnapshot } from './reading/panel-queries';
import { readSystem, type SystemModel } from './reading/system-status';

export interface PanelReading {
  readonly sections: readonly Section[];
  readonly cards: CardsReading;
  readonly alerts: AlertsModel;
  readonly connection: ConnectionModel;
  /** Of what the hops are known by. */
  readonly statusConnection: ConnectionModel;
  readonly system: SystemModel;
  /** Why no hop is shown, or what to do about it, in a sentence. */
  readonly noHops: string;
  /** The bridge's clock minus the browser's, ms. */
  readonly clockOffset: number;
}

type ReadProps = Pick<
  PanelProps<KpiPanelOptions>,
  'data' | 'options' | 'timeZone' | 'timeRange' | 'replaceVariables'
>;

/**
 * The panel's frames as models, read again only when they, the options or the theme change. Models that come out the
 * same are the same objects, so that what shows them need not render.
 */
export function usePanelReading(props: ReadProps): PanelReading {
  const { data, options, timeZone, timeRange } = props;
  const theme = useTheme2();
  // Hosts may create this function for each render; its result depends on the data and the options only.
  const replace = useRef(props.replaceVariables);
  replace.current = props.replaceVariables;
  const clock = useRef<ClockOffsetEstimate>(undefined);
  const before = useRef<PanelReading>(undefined);
  // A variable that no query uses changes the titles and the link without new data.
  const cardTitle = props.replaceVariables(options.cards.title);
  const link = props.replaceVariables(options.alerts.link, undefined, 'uriencode');
  const series = useMemo(() => withOpenWindowsJoined(data.series), [data.series]);
  const isStored = isSnapshot(data);
  const isAsked = data.request !== undefined && !isStored;
  const asksStatus = asksForStatus(data);
  const failure = failureOf(data);
  return useMemo(() => {
    const context = {
      theme,
      timeZone,
      replaceVariables: (...args: Parameters<typeof replace.current>) => replace.current(...args),
    };
    const rules = { staleAfter: options.cards.staleAfter, rangeEnd: fixedRangeEnd(timeRange, timeZone) };
    const fed = sectionFrames(series, options);
    const sections = shownSections(options, series, fed);
    clock.current ??= new ClockOffsetEstimate();
    // A snapshot's answers are of long ago: they say nothing of the bridge's clock now.
    if (isAsked) clock.current.take(clocksOf(series), Date.now());
    const connectionOf = (frames: readonly DataFrame[], fault: string | undefined) => {
      const connection = readConnection(frames, fault, rules);
      return isStored ? ofSnapshot(connection) : connection;
    };
    const connectionOfPart = (frames: readonly DataFrame[]) => connectionOf(frames, failureOf(data, frames));
    const needsAlerts = sections.some((section) => section === 'alerts' || section === 'status');
    const reading: PanelReading = {
      sections,
      cards: sections.includes('cards') ? readCards(fed.cards, options.cards, rules, context) : NO_CARDS,
      alerts: needsAlerts
        ? readAlerts(fed.alerts, { ...options.alerts, link }, context, connectionOfPart(fed.alerts))
        : NO_ALERTS,
      connection: connectionOf(series, failure),
      statusConnection: fed.status.length > 0 ? connectionOfPart(fed.status) : connectionOf(series, failure),
      system: readSystem(fed.status, series, asksStatus),
      noHops: failure ?? (asksStatus ? t('status.waiting', 'The status has not arrived yet.') : addStatus()),
      clockOffset: clock.current.offset,
    };
    const last = before.current;
    // While the status cannot be read its last known hops stay, marked as such.
    const isLost = asksStatus && reading.system.hops.length === 0 && last !== undefined;
    const kept = isLost ? { ...reading, system: last.system } : reading;
    before.current = last === undefined ? kept : withUnchanged(last, kept);
    return before.current;
    // cardTitle changes with the variables: the function that interpolates them is read through a ref.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [
    series,
    isAsked,
    isStored,
    asksStatus,
    failure,
    data.errors,
    options,
    cardTitle,
    link,
    theme,
    timeZone,
    timeRange,
  ]);
}

const addStatus = (): string =>
  t('status.add-query', 'Add a query of type Status to see the hops, lag and freshness.');

const clocksOf = (series: readonly DataFrame[]): number[] =>
  series.map((frame) => frameMeta(frame)?.as_of_ms).filter((clock) => clock !== undefined);

/**
 * Why the last query failed, for people; undefined: it did not.
 *
 * @param part - frames of a part of the panel: where there are some, errors of other queries do not count
 */
function failureOf(
  { state, errors, error }: ReadProps['data'],
  part: readonly DataFrame[] = [],
): string | undefined {
  if (state !== LoadingState.Error) return undefined;
  const all = errors ?? (error === undefined ? [] : [error]);
  const own = new Set(part.map(({ refId }) => refId));
  const counts = ({ status, refId }: DataQueryError): boolean =>
    status !== WARNING_STATUS && (part.length === 0 || refId === undefined || own.has(refId));
  const first = all.find(counts);
  if (first === undefined && all.length > 0) return undefined;
  return (
    first?.message ??
    first?.data?.message ??
    t('panel.failed-silently', 'The query failed without an error message.')
  );
}

function withUnchanged(before: PanelReading, now: PanelReading): PanelReading {
  const oldCards = new Map(before.cards.cards.map((card) => [card.key, card]));
  const oldAlerts = new Map(before.alerts.kept.map((alert) => [alert.id, alert]));
  const keep = <T>(old: T | undefined, next: T): T => (old !== undefined && isEqual(old, next) ? old : next);
  const cards: readonly CardModel[] = now.cards.cards.map((card) => keep(oldCards.get(card.key), card));
  const kept: readonly AlertModel[] = now.alerts.kept.map((alert) => keep(oldAlerts.get(alert.id), alert));
  return {
    sections: keep(before.sections, now.sections),
    cards: { ...now.cards, cards: sameItems(before.cards.cards, cards) },
    alerts: keep(before.alerts, { ...now.alerts, kept: sameItems(before.alerts.kept, kept) }),
    connection: keep(before.connection, now.connection),
    statusConnection: keep(before.statusConnection, now.statusConnection),
    system: keep(before.system, now.system),
    noHops: now.noHops,
    clockOffset: now.clockOffset,
  };
}

const sameItems = <T>(before: readonly T[], now: readonly T[]): readonly T[] =>
  before.length === now.length && now.every((item, index) => item === before[index]) ? before : now;

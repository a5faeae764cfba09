import type { LinkModel } from '@grafana/data';
import type { Severity } from '../severity';
import type { Labels, ShownValue } from './card-model';

/** `Updated`: when it last changed; `Ended`: event time, the window's end. */
export interface AlertTime {
  readonly at: number;
  readonly says: 'Updated' | 'Ended';
}

export interface AlertModel {
  /** One per event, however often it is revised. */
  readonly id: string;
  readonly severity: Severity;
  /** Null where the source does not say. */
  readonly state: 'open' | 'resolved' | null;
  readonly message: string;
  readonly labels: Labels;
  /** The labels that the message does not mention already, as text; may be empty. */
  readonly labelText: string;
  readonly metric: string;
  readonly value: ShownValue | null;
  /** Event time, epoch ms: the window's start. Null where the source has none. */
  readonly started: number | null;
  /** When it first became known; for announcing what is new. */
  readonly firstSeen: number | null;
  readonly updated: number | null;
  /** The second time that its row shows; null: none. */
  readonly latest: AlertTime | null;
  readonly revision: number;
  readonly links: readonly LinkModel[];
}

/** Alerts that are open, or whose source does not say whether they are; at least one. */
export interface UnresolvedAlerts {
  readonly count: number;
  readonly mostSevere: Severity;
  /** Message of the newest one. */
  readonly newest: string;
}

export interface AlertsModel {
  /** Newest first, at most as many as are kept, only the severities and states of the options. */
  readonly kept: readonly AlertModel[];
  /** All events of the range, before limits and filters. */
  readonly total: number;
  readonly open: number;
  /** How many the severities and states of the options let through, kept or not. */
  readonly matching: number;
  /** Of those that match, kept or not; null: all are over. */
  readonly unresolved: UnresolvedAlerts | null;
  /** Whether any query feeds alerts at all. */
  readonly fed: boolean;
  /** The answer was cut: there are more events than came. */
  readonly truncated: boolean;
  /** Why an empty list does not mean all clear, in a sentence; null: it does. */
  readonly doubt: string | null;
}

export const NO_ALERTS: AlertsModel = {
  kept: [],
  total: 0,
  open: 0,
  matching: 0,
  unresolved: null,
  fed: false,
  truncated: false,
  doubt: null,
};

import { WsClient, type Message } from './ws-client';

/** What the original system's browser client makes of the original protocol; it knows nothing newer. */

interface OriginalPoint {
  readonly timestamp: string;
  readonly value: number;
  readonly dimensions: Readonly<Record<string, string>>;
}
interface Update extends OriginalPoint {
  readonly metric_name: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}
export interface Aggregator {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly avg: number;
  readonly last_update: string;
  readonly last_value: number;
}
export interface Alert {
  readonly message: string;
  readonly timestamp: string;
}

const ALERTS_KEPT = 10;
const POINTS_KEPT = 100;

/** The dashboard's state, fed by the handlers of the original client. */
export class OriginalDashboard {
  metrics: Record<string, Partial<Aggregator>> = {};
  history: Record<string, OriginalPoint[]> = {};
  alerts: Alert[] = [];
  updates: Update[] = [];
  /** Types that the original client does not know. */
  readonly unknown: string[] = [];

  private constructor(readonly client: WsClient) {}

  /** Connects and, as the original does, asks for an hour of events per minute at once. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<OriginalDashboard> {
    const early: Message[] = [];
    const into = { take: (message: Message): void => void early.push(message) };
    const client = await WsClient.open(url, { headers, onMessage: (message) => into.take(message) });
    const dashboard = new OriginalDashboard(client);
    into.take = (message) => dashboard.handle(message);
    early.forEach((message) => dashboard.handle(message));
    dashboard.ask('events_per_minute', 3_600);
    return dashboard;
  }

  ask(metric: string, seconds?: number): void {
    const range = seconds === undefined ? {} : { time_range: seconds };
    this.client.send({ type: 'get_historical_data', metric_name: metric, ...range });
  }

  private handle(message: Message): void {
    if (message.type === 'current_state') {
      this.metrics = message['data'] as Record<string, Aggregator>;
    } else if (message.type === 'historical_data') {
      this.history[message['metric_name'] as string] = message['data'] as OriginalPoint[];
    } else if (message.type === 'metric_update') {
      this.update(message['data'] as Update);
    } else {
      this.unknown.push(message.type);
    }
  }

  private update(metric: Update): void {
    this.updates.push(metric);
    const key = `${metric.metric_name}:aggregator`;
    this.metrics = {
      ...this.metrics,
      [key]: { ...this.metrics[key], last_value: metric.value, last_update: metric.timestamp },
    };
    if (metric.metric_name === 'high_activity_alert') {
      const user = metric.dimensions['user_id'] ?? '?';
      const message = `High activity detected for user ${user}: ${metric.value} events`;
      this.alerts = [{ message, timestamp: metric.timestamp }, ...this.alerts].slice(0, ALERTS_KEPT);
    }
    const { timestamp, value, dimensions } = metric;
    const points = [...(this.history[metric.metric_name] ?? []), { timestamp, value, dimensions }];
    this.history[metric.metric_name] = points.slice(-POINTS_KEPT);
  }
}

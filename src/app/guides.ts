const GUIDES_URL = 'https://github.com/streamkpi/streamkpi/blob/main/docs/guides';

export interface Guide {
  readonly title: string;
  readonly about: string;
  readonly url: string;
}

const guide = (file: string, title: string, about: string): Guide => ({
  title,
  about,
  url: `${GUIDES_URL}/${file}`,
});

export const GUIDES: readonly Guide[] = [
  guide('connect-your-topics.md', 'Connect your own topics', 'ksqlDB, Kafka Streams, Flink'),
  guide('kpi-panel.md', 'KPI panel', 'Cards, alerts, status'),
  guide('alert-rules.md', 'Alert rules', 'Rules that see closed windows only'),
  guide('secure.md', 'Secure it', 'Tokens, tenants, TLS, public dashboards'),
  guide('operate-and-debug.md', 'Operate and debug', 'Which hop is broken, and what to do'),
];

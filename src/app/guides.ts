import { t } from '../locales/translate';

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

/** In the user's language; the guides themselves are in English. */
export const guides = (): readonly Guide[] => [
  guide(
    'connect-your-topics.md',
    t('app.guide.topics', 'Connect your own topics'),
    t('app.guide.topics-about', 'ksqlDB, Kafka Streams, Flink'),
  ),
  guide(
    'kpi-panel.md',
    t('app.guide.panel', 'KPI panel'),
    t('app.guide.panel-about', 'Cards, alerts, status'),
  ),
  guide(
    'forecasts-and-anomalies.md',
    t('app.guide.forecasts', 'Forecasts and anomalies'),
    t('app.guide.forecasts-about', 'What is expected, how unusual it is, rules on it'),
  ),
  guide(
    'alert-rules.md',
    t('app.guide.rules', 'Alert rules'),
    t('app.guide.rules-about', 'Rules that see closed windows only'),
  ),
  guide(
    'secure.md',
    t('app.guide.secure', 'Secure it'),
    t('app.guide.secure-about', 'Tokens, tenants, TLS, public dashboards'),
  ),
  guide(
    'operate-and-debug.md',
    t('app.guide.operate', 'Operate and debug'),
    t('app.guide.operate-about', 'Which hop is broken, and what to do'),
  ),
];

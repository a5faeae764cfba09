import { getBackendSrv } from '@grafana/runtime';
import { t } from '../../locales/translate';

/** The bridge's answers on topics (backend-bridge/api/openapi.yaml), as far as the page shows them. */
export interface MappingOutcome {
  readonly metric: string;
  readonly topic: string;
  readonly records: number;
  readonly points: number;
  readonly removals: number;
  readonly late: number;
  readonly expired: number;
  readonly dead_letters: readonly {
    readonly reason: string;
    readonly count: number;
    readonly message: string;
  }[];
  readonly series: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly times: readonly number[];
    readonly values: readonly (number | null)[];
  }[];
  readonly problem: string | null;
}

export interface Inspection {
  readonly partitions: number;
  readonly records_read: number;
  readonly records: readonly {
    readonly partition: number;
    readonly offset: number;
    readonly timestamp_ms: number;
    readonly key: string | null;
    readonly value: string | null;
  }[];
  readonly mapping: string;
  readonly doubts: readonly string[];
  readonly outcome: MappingOutcome;
}

export interface MappingCheck {
  readonly faults: readonly string[];
  readonly outcomes: readonly MappingOutcome[];
}

/** @param uid of the data source, whose bridge reads the topic. Rejects with an Error whose message is for people. */
export const inspectTopic = (uid: string, topic: string): Promise<Inspection> =>
  post(uid, 'inspect', { topic });

/** What the newest records of a mapping's topics become. Rejects as inspectTopic does. */
export const checkMapping = (uid: string, mapping: string): Promise<MappingCheck> =>
  post(uid, 'check', { metrics_file: mapping });

async function post<Answer>(uid: string, resource: string, body: object): Promise<Answer> {
  try {
    return await getBackendSrv().post<Answer>(
      `/api/datasources/uid/${encodeURIComponent(uid)}/resources/${resource}`,
      body,
      { showErrorAlert: false },
    );
  } catch (reason) {
    throw new Error(sentenceOf(reason), { cause: reason });
  }
}

/** The bridge's own sentence, or Grafana's. */
function sentenceOf(reason: unknown): string {
  const { data, message } = reason as {
    readonly data?: { readonly error?: { readonly message?: string }; readonly message?: string };
    readonly message?: string;
  };
  return data?.error?.message ?? data?.message ?? message ?? t('app.no-reason', 'Grafana did not say why.');
}

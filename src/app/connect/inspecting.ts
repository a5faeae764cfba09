import { getBackendSrv } from '@grafana/runtime';
import type { components } from '../../../backend-bridge/src/server/api-types';
import { t } from '../../locales/translate';

type Schemas = components['schemas'];
export type MappingOutcome = Schemas['MappingOutcome'];
export type Inspection = Schemas['InspectAnswer'];
export type MappingCheck = Schemas['CheckAnswer'];

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

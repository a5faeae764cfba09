import { expect, test } from '@grafana/plugin-e2e';
import type { APIRequestContext } from '@playwright/test';
import { SOURCE } from './reading';

interface EvaluatedRule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
  readonly lastEvaluation: string;
  readonly state: string;
}

/** Rules as Grafana evaluates them, by their title. */
async function evaluated(request: APIRequestContext): Promise<ReadonlyMap<string, EvaluatedRule>> {
  const answer = await request.get('/api/prometheus/grafana/api/v1/rules');
  const { data } = (await answer.json()) as {
    readonly data: { readonly groups: readonly { readonly rules: readonly EvaluatedRule[] }[] };
  };
  return new Map(data.groups.flatMap(({ rules }) => rules).map((rule) => [rule.name, rule]));
}

/** Go's zero time. */
const NEVER = '0001-01-01T00:00:00Z';

test('the provisioned rules are there, and are evaluated without an error', async ({ request }) => {
  test.setTimeout(180_000);
  const listed = await request.get('/api/v1/provisioning/alert-rules');
  const ours = ((await listed.json()) as { readonly uid: string; readonly title: string }[]).filter(
    ({ uid }) => uid.startsWith('streamkpi-'),
  );
  expect(ours.length).toBeGreaterThanOrEqual(6);
  // They are evaluated once a minute.
  await expect
    .poll(
      async () => {
        const rules = await evaluated(request);
        return ours.flatMap(({ title }) => {
          const rule = rules.get(title);
          if (rule === undefined) return [`${title}: not there`];
          if (rule.lastEvaluation === NEVER) return [`${title}: never evaluated`];
          return rule.health === 'error' ? [`${title}: ${rule.lastError ?? 'failed'}`] : [];
        });
      },
      { timeout: 150_000 },
    )
    .toEqual([]);
  expect((await evaluated(request)).get('The bridge is not ready')).toMatchObject({
    health: 'ok',
    state: 'inactive',
  });
});

const FOLDER = 'streamkpi-journeys';
const GROUP = 'Journeys';
const TITLE = 'More than so many clients';

/** Fires while more clients than the limit are connected to the bridge; evaluated every ten seconds. */
const group = (limit: number) => {
  const range = { from: 600, to: 0 };
  const expression = (refId: string, model: object) => ({
    refId,
    datasourceUid: '__expr__',
    relativeTimeRange: range,
    model: { refId, ...model },
  });
  const rule = {
    uid: 'streamkpi-journeys-clients',
    title: TITLE,
    condition: 'C',
    folderUID: FOLDER,
    ruleGroup: GROUP,
    orgID: 1,
    for: '0s',
    noDataState: 'OK',
    execErrState: 'Error',
    data: [
      {
        refId: 'A',
        datasourceUid: SOURCE.uid,
        relativeTimeRange: range,
        model: { refId: 'A', version: 1, kind: 'status', statusAs: 'clients' },
      },
      expression('B', { type: 'reduce', expression: 'A', reducer: 'last', settings: { mode: 'dropNN' } }),
      expression('C', {
        type: 'threshold',
        expression: 'B',
        conditions: [{ evaluator: { type: 'gt', params: [limit] } }],
      }),
    ],
  };
  return { title: GROUP, folderUid: FOLDER, interval: 10, rules: [rule] };
};

test('a rule fires when its condition holds, and is resolved when it does not any more', async ({
  request,
}) => {
  test.setTimeout(180_000);
  const headers = { 'X-Disable-Provenance': 'true' };
  const put = async (limit: number): Promise<void> => {
    const answer = await request.put(`/api/v1/provisioning/folder/${FOLDER}/rule-groups/${GROUP}`, {
      headers,
      data: group(limit),
    });
    expect(answer.ok(), await answer.text()).toBe(true);
  };
  const state = async (): Promise<string | undefined> => (await evaluated(request)).get(TITLE)?.state;
  await request.post('/api/folders', { data: { uid: FOLDER, title: 'StreamKPI journeys' } });
  try {
    await put(-1);
    await expect.poll(state, { timeout: 60_000 }).toBe('firing');
    await put(1_000_000);
    await expect.poll(state, { timeout: 60_000 }).toBe('inactive');
    expect((await evaluated(request)).get(TITLE)).toMatchObject({ health: 'ok' });
  } finally {
    await request.delete(`/api/folders/${FOLDER}?forceDeleteRules=true`);
  }
});

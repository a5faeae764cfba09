import { RequestError, UnavailableError } from '../../backend-bridge/src/domain/errors';
import type { Inspector, MappingOutcome } from '../../backend-bridge/src/domain/inspecting';
import { startDemoBridge, type DemoBridge } from './http-demo-data';
import { refusal } from './http-answers';

/** The two calls that look at topics. What they find is tested in inspect-*.test.ts; here is how they answer. */

const outcome: MappingOutcome = {
  metric: 'orders',
  topic: 'orders',
  records: 3,
  points: 1,
  removals: 1,
  late: 0,
  expired: 1,
  deadLetters: [{ reason: 'bad_time', count: 1, message: 'it looks like seconds', partition: 0, offset: 2 }],
  warnings: ['dimension zone is empty'],
  series: [{ labels: { shop: 'berlin' }, times: [60_000], values: [null] }],
  problem: null,
};

const inspector: Inspector = {
  inspect: async (topic) => {
    if (topic === 'missing') throw new RequestError('not_found', 'Topic missing does not exist.');
    if (topic === 'empty') throw new RequestError('not_inspectable', 'Topic empty is empty.');
    if (topic === 'down') throw new UnavailableError('kafka', 'Kafka does not answer');
    return {
      topic,
      partitions: 2,
      recordsRead: 3,
      records: [{ partition: 0, offset: 1, timestampMs: -1, key: 'berlin', value: null }],
      mapping: 'version: 1\n',
      doubts: ['window: grace'],
      outcome,
    };
  },
  check: async (text) =>
    text === '' ? { faults: ['file: is empty'], outcomes: [] } : { faults: [], outcomes: [outcome] },
};

describe('the calls that look at topics', () => {
  let bridge: DemoBridge;
  beforeAll(async () => {
    bridge = await startDemoBridge({
      inspector,
      tokens: [
        { name: 'boss', token: 'a', scopes: ['admin'] },
        { name: 'reader', token: 'r', scopes: ['read', 'observe', 'ingest'] },
        { name: 'tenant', token: 't', scopes: ['admin'], filters: { segment: ['gold'] } },
      ],
    });
  });
  afterAll(() => bridge.close());

  it('POST /api/v1/inspect: records, mapping, doubts, outcome', async () => {
    const { status, json } = await bridge.post('/api/v1/inspect', { topic: 'orders' }, 'a');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      topic: 'orders',
      records_read: 3,
      records: [{ partition: 0, offset: 1, timestamp_ms: -1, key: 'berlin', value: null }],
      mapping: 'version: 1\n',
      outcome: { dead_letters: [{ reason: 'bad_time', count: 1 }], series: [{ values: [null] }] },
    });
  });

  it('POST /api/v1/check: faults, or an outcome per metric', async () => {
    const sound = await bridge.post('/api/v1/check', { metrics_file: 'version: 1' }, 'a');
    expect(sound.json).toMatchObject({
      faults: [],
      outcomes: [{ metric: 'orders', expired: 1, warnings: ['dimension zone is empty'] }],
    });
    const faulty = await bridge.post('/api/v1/check', { metrics_file: '' }, 'a');
    expect(faulty.json).toEqual({ faults: ['file: is empty'], outcomes: [] });
  });

  it.each([
    ['/api/v1/inspect', { topic: 'missing' }, 'a', '404 not_found'],
    ['/api/v1/inspect', { topic: 'empty' }, 'a', '422 not_inspectable'],
    ['/api/v1/inspect', { topic: 'down' }, 'a', '503 source_unavailable'],
    ['/api/v1/inspect', { topic: 'not a topic' }, 'a', '400 bad_request'],
    ['/api/v1/inspect', {}, 'a', '400 bad_request'],
    ['/api/v1/inspect', { topic: 'orders' }, 'r', '403 forbidden'],
    ['/api/v1/inspect', { topic: 'orders' }, 't', '403 forbidden'],
    ['/api/v1/check', { metrics_file: 'version: 1' }, 'r', '403 forbidden'],
    ['/api/v1/check', { metrics_file: 'version: 1' }, 't', '403 forbidden'],
    ['/api/v1/check', { metrics_file: 1 }, 'a', '400 bad_request'],
  ])('%s %j by %s: %s', async (path, body, token, code) => {
    expect(refusal(await bridge.post(path, body, token))).toBe(code);
  });
});

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import type { RequestError } from '../domain/errors';
import { WARNING_CODES } from '../domain/selection';
import { ApiContract, readApiDocument } from './api-contract';
import { STATUS_OF } from './refusals';
import { ClientMessages } from './websocket-messages';

interface Operation {
  readonly operationId: string;
}

describe('the contract file', () => {
  it('is what api-types.ts was generated from', () => {
    const script = join(__dirname, '../../generate-api-types.mjs');
    expect(() => execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })).not.toThrow();
  });

  it('lists exactly the codes that the bridge knows, each with its status', () => {
    const node = readApiDocument().components.schemas.ErrorCode as { enum: string[]; description: string };
    expect([...node.enum].sort()).toEqual(Object.keys(STATUS_OF).sort());
    for (const [code, status] of Object.entries(STATUS_OF)) {
      const row = node.description.split('\n').find((line) => line.includes(`\`${code}\``));
      expect(`${code} ${row?.split('|')[1]?.trim() ?? ''}`).toBe(`${code} ${status}`);
    }
  });

  it('names exactly the codes that warnings have', () => {
    const node = readApiDocument().components.schemas.Warning as {
      properties: { code: { description: string } };
    };
    const fields = new Set([
      'kept',
      'kept_from_ms',
      'total',
      'metric',
      'max_series',
      'asked_ms',
      'taken_ms',
      'count',
      'history',
      'stats',
    ]);
    const named = [...node.properties.code.description.matchAll(/`(\w+)`/g)].map((match) => match[1]!);
    expect(new Set(named.filter((name) => !fields.has(name)))).toEqual(new Set(WARNING_CODES));
  });

  it('has examples that it accepts itself', () => {
    const contract = new ApiContract();
    let count = 0;
    for (const item of Object.values(readApiDocument().paths)) {
      for (const operation of Object.values(item)) {
        const content = operation.requestBody?.content['application/json'] as
          { examples?: Record<string, { value: unknown }> } | undefined;
        for (const { value } of Object.values(content?.examples ?? {})) {
          contract.of(operation.operationId).body(value);
          count += 1;
        }
      }
    }
    expect(count).toBeGreaterThanOrEqual(5);
  });

  it('has schemas that compile, and none of them before it is needed: a start has no time for them', () => {
    const compile = jest.spyOn(Ajv2020.prototype, 'compile');
    const contract = new ApiContract();
    const messages = new ClientMessages();
    expect(compile).not.toHaveBeenCalled();
    compile.mockRestore();

    const refused = (check: () => unknown): string => {
      try {
        check();
        return 'accepted';
      } catch (error) {
        return (error as Error).name;
      }
    };
    for (const { operationId } of Object.values(readApiDocument().paths).flatMap(Object.values<Operation>)) {
      const { body, parameters } = contract.of(operationId);
      expect([operationId, refused(() => body(null))]).not.toContain('Error');
      expect([operationId, refused(() => parameters({ unknown: 1 }))]).toContain('RequestError');
    }
    const types = ['subscribe_metric', 'unsubscribe_metric', 'get_historical_data', 'authenticate'];
    for (const type of types) {
      expect([type, refused(() => messages.read(Buffer.from(JSON.stringify({ type }))))]).toContain(
        'RequestError',
      );
    }
    expect(messages.read(Buffer.from('{"type":"ping"}'))).toEqual({ type: 'ping' });
    expect(refused(() => messages.read(Buffer.from('{"type":"subscribe_metric","id":1}')))).toBe(
      'RequestError',
    );
  });
});

describe('checks of requests', () => {
  const check = new ApiContract().of('query').body;
  const good = { metric: 'm', from_ms: 0, to_ms: 1 };
  const refusal = (body: unknown): RequestError | undefined => {
    try {
      check(body);
      return undefined;
    } catch (error) {
      return error as RequestError;
    }
  };

  it.each([
    [undefined, 'bad_request'],
    [[], 'bad_request'],
    [{}, 'bad_request'],
    [{ ...good, from_ms: 'NaN' }, 'invalid_range'],
    [{ ...good, from_ms: -1 }, 'invalid_range'],
    [{ ...good, from_ms: 0.5 }, 'invalid_range'],
    [{ ...good, to_ms: 1e300 }, 'invalid_range'],
    [{ ...good, to_ms: Infinity }, 'invalid_range'],
    [{ ...good, step_ms: 0 }, 'invalid_step'],
    [{ ...good, max_points: -5 }, 'invalid_step'],
    [{ ...good, over_time: 'median' }, 'invalid_over_time'],
    [{ ...good, filters: [{ dimension: 'd', op: '>', values: [] }] }, 'invalid_filter'],
    [{ ...good, filters: [{ dimension: 'd', op: '=', values: Array(1_001).fill('x') }] }, 'invalid_filter'],
    [{ ...good, filters: Array(51).fill({ dimension: 'd', op: '=', values: [] }) }, 'invalid_filter'],
    [{ ...good, group_by: ['a', 'a'] }, 'bad_request'],
    [{ ...good, fill: 'linear' }, 'bad_request'],
    [{ ...good, include_open: 1 }, 'bad_request'],
    [{ ...good, groupBy: [] }, 'bad_request'],
  ])('%j is %s', (body, code) => expect(refusal(body)?.code).toBe(code));

  it('accepts the least and says where a fault is', () => {
    expect(refusal(good)).toBeUndefined();
    expect(refusal({ ...good, groupBy: [] })?.message).toMatch(/unknown field "groupBy"/);
    expect(refusal({ ...good, filters: [{ dimension: 'd', op: '>', values: [] }] })).toMatchObject({
      message: expect.stringMatching(/^filters\.0\.op must be one of "=", "!="/) as string,
      details: { path: '/filters/0/op' },
    });
  });
});

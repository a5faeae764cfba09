import type { FastifyInstance } from 'fastify';
import { RequestError } from '../domain/errors';
import type { Inspection, MappingCheck, MappingOutcome } from '../domain/inspecting';
import type { Principal } from './access';
import type { ApiContract } from './api-contract';
import type { components } from './api-types';
import type { HttpDependencies } from './http-dependencies';
import { sendJson } from './send-json';

type Schemas = components['schemas'];

/** What a topic's records are, and what a mapping makes of them. Scope `admin`. */
export function inspectRoutes(
  app: FastifyInstance,
  { inspector }: HttpDependencies,
  contract: ApiContract,
): void {
  const config = { scope: 'admin', gate: 'inspect' } as const;

  const inspect = contract.of('inspect');
  app.post('/api/v1/inspect', { config }, async ({ body, principal, work }, reply) => {
    refuseTenant(principal);
    inspect.body(body);
    const { topic } = body as Schemas['InspectRequest'];
    return sendJson(reply, inspectionToWire(await work.run(() => inspector.inspect(topic))));
  });

  const check = contract.of('check');
  app.post('/api/v1/check', { config }, async ({ body, principal, work }, reply) => {
    refuseTenant(principal);
    check.body(body);
    const { metrics_file: text } = body as Schemas['CheckRequest'];
    return sendJson(reply, checkToWire(await work.run(() => inspector.check(text))));
  });
}

/** Records are read unfiltered. */
function refuseTenant({ name, tenant }: Principal): void {
  if (tenant.length === 0) return;
  throw new RequestError('forbidden', `The token ${name} has fixed filters, and records are read unfiltered`);
}

function inspectionToWire(inspection: Inspection): Schemas['InspectAnswer'] {
  const { topic, partitions, recordsRead, records, mapping, doubts, outcome } = inspection;
  return {
    topic,
    partitions,
    records_read: recordsRead,
    records: records.map(({ timestampMs, ...record }) => ({ ...record, timestamp_ms: timestampMs })),
    mapping,
    doubts: [...doubts],
    outcome: outcomeToWire(outcome),
  };
}

const checkToWire = ({ faults, outcomes }: MappingCheck): Schemas['CheckAnswer'] => ({
  faults: [...faults],
  outcomes: outcomes.map(outcomeToWire),
});

function outcomeToWire({
  deadLetters,
  warnings,
  series,
  ...outcome
}: MappingOutcome): Schemas['MappingOutcome'] {
  return {
    ...outcome,
    dead_letters: [...deadLetters],
    warnings: [...warnings],
    series: series.map(({ labels, times, values }) => ({
      labels: { ...labels },
      times: [...times],
      values: [...values],
    })),
  };
}

import type { QueryResult } from '../plugin-host/plugin-host';
import type { AlertRule, RuleQuery } from '../provisioned';
import { evaluate, neededBy, type ExpressionModel } from './expressions';
import { valuesOf, type Labels, type Value } from './values';

/** One evaluation of a rule, as Grafana's alerting does it, without `for`: what its condition says now. */
export interface Instance {
  readonly labels: Labels;
  /** After noDataState and execErrState. */
  readonly state: 'Normal' | 'Alerting' | 'NoData' | 'Error' | 'KeepLast';
  /** Why, where it is not the condition's own word. */
  readonly because?: string;
}

export const EXPRESSION_UID = '__expr__';

const isExpression = (query: RuleQuery): boolean => query.datasourceUid === EXPRESSION_UID;

/** Asks one query of a data source, over the range in milliseconds. */
export type Ask = (
  query: RuleQuery,
  range: { readonly fromMs: number; readonly toMs: number },
) => Promise<Pick<QueryResult, 'frames' | 'error'>>;

export async function evaluateRule(rule: AlertRule, atMs: number, ask: Ask): Promise<readonly Instance[]> {
  const known = new Map<string, readonly Value[]>();
  const withoutData: string[] = [];
  for (const query of rule.data.filter((one) => !isExpression(one))) {
    const { from, to } = query.relativeTimeRange;
    const answer = await ask(query, { fromMs: atMs - from * 1_000, toMs: atMs - to * 1_000 });
    if (answer.error !== '') return [failed(rule, answer.error)];
    const values = valuesOf(answer.frames);
    if (values.every(({ kind }) => kind === 'none')) withoutData.push(query.refId);
    known.set(query.refId, values);
  }
  for (const query of inOrder(rule.data.filter(isExpression))) {
    known.set(query.refId, evaluate(query.model as unknown as ExpressionModel, known));
  }
  // One query without data is the whole rule without data, whatever the others say.
  if (withoutData.length > 0) return [noData(rule, {}, `no data from ${withoutData.join(', ')}`)];
  const condition = known.get(rule.condition) ?? [];
  if (condition.length === 0) return [noData(rule, {}, 'the condition has no value')];
  return condition.map((value) => stateOf(rule, value));
}

function stateOf(rule: AlertRule, value: Value): Instance {
  switch (value.kind) {
    case 'series':
      throw new Error(
        `the condition ${rule.condition} is a time series; only reduced data can be alerted on`,
      );
    case 'none':
      return noData(rule, {}, 'the condition is no data');
    case 'scalar':
    case 'number': {
      const labels = value.kind === 'number' ? value.labels : {};
      if (value.value === null) return noData(rule, labels, 'the condition is null');
      return { labels, state: value.value === 0 ? 'Normal' : 'Alerting' };
    }
  }
}

function noData(rule: AlertRule, labels: Labels, because: string): Instance {
  return { labels, state: rule.noDataState === 'OK' ? 'Normal' : rule.noDataState, because };
}

function failed(rule: AlertRule, because: string): Instance {
  return { labels: {}, state: rule.execErrState === 'OK' ? 'Normal' : rule.execErrState, because };
}

/** Each after what it needs. Throws for a circle. */
function inOrder(expressions: readonly RuleQuery[]): readonly RuleQuery[] {
  const ordered: RuleQuery[] = [];
  let left = [...expressions];
  while (left.length > 0) {
    const waiting = new Set(left.map(({ refId }) => refId));
    const ready = left.filter(({ model }) =>
      neededBy(model as unknown as ExpressionModel).every((name) => !waiting.has(name)),
    );
    if (ready.length === 0) throw new Error(`the expressions ${[...waiting].join(', ')} need each other`);
    ordered.push(...ready);
    left = left.filter((one) => !ready.includes(one));
  }
  return ordered;
}

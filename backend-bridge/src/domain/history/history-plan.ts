import { durationText } from '../duration-text';
import type { Metric } from '../metric';
import { combinesOverTime } from '../combination-rules';
import type { TimeRange } from '../ladder';
import { isStepped, mayCombineSeries } from '../plan';
import type { Plan } from '../query-answer';
import type { Warning } from '../selection';
import type { HistoryStore } from '../store';
import { foldsFromSteps, tierCutMs, tiersOf } from './tiers';

/** Selection of the history tier for a plan. */
export interface HistoryPlan {
  /** Of the tier: the plan's step is a multiple of it. */
  readonly stepMs: number;
  /** The first start of a step that can be answered. */
  readonly fromMs: number;
  /** Windows that begin before this need not be read: they are sealed. */
  readonly sealedBeforeMs: number;
  readonly store: HistoryStore;
}

/**
 * Null where the plan is answered from windows alone. Of several tiers that divide the step that which reaches furthest
 * back is taken, and of those the longest, which has the fewest steps to read: all give the same numbers.
 */
export async function historyPlan(
  plan: Plan,
  store: HistoryStore | undefined,
  nowMs: number,
): Promise<HistoryPlan | null> {
  const { metric, stepMs } = plan;
  if (store === undefined || !isStepped(plan)) return null;
  if (!foldsFromSteps(metric, plan.measure, plan.overTime, mayCombineSeries(plan))) return null;
  if (!tiersOf(metric).some((tier) => stepMs % tier.stepMs === 0)) return null;
  const { sealedBeforeMs, tiers } = await store.state(metric);
  let best: HistoryPlan | null = null;
  for (const tier of tiers) {
    if (stepMs % tier.stepMs !== 0) continue;
    const fromMs = Math.max(tier.sinceMs, tierCutMs(tier, nowMs));
    if (best === null || fromMs <= best.fromMs) best = { stepMs: tier.stepMs, fromMs, sealedBeforeMs, store };
  }
  return best;
}

/** A week of steps of five minutes: a longer range is summarized from longer steps, where these reach as far. */
const MAX_SUMMARY_STEPS = 2_016;

/**
 * The tier for a summary of a range: the finest that holds it in some thousand steps, else the coarsest that holds it,
 * else that which reaches furthest back. Null where the metric has no history.
 */
export async function summaryHistory(
  metric: Metric,
  store: HistoryStore | undefined,
  range: TimeRange,
  nowMs: number,
): Promise<HistoryPlan | null> {
  if (store === undefined || tiersOf(metric).length === 0) return null;
  const { sealedBeforeMs, tiers } = await store.state(metric);
  const plans = tiers.map((tier) => ({
    stepMs: tier.stepMs,
    fromMs: Math.max(tier.sinceMs, tierCutMs(tier, nowMs)),
    sealedBeforeMs,
    store,
  }));
  const holding = plans.filter(({ fromMs }) => fromMs <= range.fromMs);
  const lengthMs = Math.min(range.toMs, nowMs) - range.fromMs;
  return (
    holding.find(({ stepMs }) => lengthMs <= MAX_SUMMARY_STEPS * stepMs) ??
    holding.at(-1) ??
    plans.reduce((best, plan) => (plan.fromMs < best.fromMs ? plan : best))
  );
}

/** Warnings for a summary whose range begins before what is kept, or needs more than steps of single series. */
export function summaryWarnings(plan: Plan, history: HistoryPlan | null, fromMs: number): readonly Warning[] {
  const { metric } = plan;
  if (history === null) return [];
  const warnings: Warning[] = [];
  if (fromMs < history.fromMs) {
    warnings.push({
      code: 'range_not_kept',
      message: `Windows of "${metric.name}" are kept for ${durationText(metric.retentionMs)}, ${keptText(metric)}. The summary begins where the steps do.`,
      kept_from_ms: Math.max(0, history.fromMs),
    });
  }
  const several = mayCombineSeries(plan);
  const unknown = (['min', 'max', 'avg', 'last'] as const).filter(
    (rule) =>
      combinesOverTime(metric, metric.measures[plan.measure]!, rule) &&
      !foldsFromSteps(metric, plan.measure, rule, several),
  );
  if (fromMs < history.sealedBeforeMs && unknown.length > 0) {
    warnings.push({
      code: 'range_not_kept',
      message: `Steps of "${metric.name}" are kept for each series on its own: ${unknown.join(' and ')} of several series combined ${unknown.length > 1 ? 'are' : 'is'} known only from windows, which are kept for ${durationText(metric.retentionMs)}, here from ${minuteText(history.sealedBeforeMs)} on.`,
      kept_from_ms: history.sealedBeforeMs,
      stats: unknown,
    });
  }
  return warnings;
}

/** Warnings for a range that begins before what the plan reaches, when longer steps would reach further. */
export function historyWarnings(
  plan: Plan,
  history: HistoryPlan | null,
  fromMs: number,
  nowMs: number,
): readonly Warning[] {
  const { metric } = plan;
  const tiers = tiersOf(metric);
  if (tiers.length === 0) return [];
  const reachMs = history === null ? nowMs - metric.retentionMs : history.fromMs;
  if (fromMs >= reachMs - plan.stepMs) return [];
  const further = tiers.filter((tier) => nowMs - tier.keepMs < reachMs && plan.stepMs % tier.stepMs !== 0);
  const folds = foldsFromSteps(metric, plan.measure, plan.overTime, mayCombineSeries(plan));
  if (further.length === 0 && folds) return [];
  return [
    {
      code: 'range_not_kept',
      message: folds
        ? `Windows of "${metric.name}" are kept for ${durationText(metric.retentionMs)}, ${keptText(metric)}. For older points take a step of ${further.map(({ stepMs }) => durationText(stepMs)).join(' or ')}, or a multiple.`
        : `Windows of "${metric.name}" are kept for ${durationText(metric.retentionMs)}, and steps after that for each series on its own: "${metric.measures[plan.measure]!.name}" of several series combined, by ${plan.overTime} over time, is known only from windows. Use ${metric.measures[plan.measure]!.overTime}, or one series.`,
      kept_from_ms: Math.max(0, reachMs),
    },
  ];
}

function keptText(metric: Metric): string {
  return tiersOf(metric)
    .map(({ stepMs, keepMs }) => `steps of ${durationText(stepMs)} for ${durationText(keepMs)}`)
    .join(', ');
}

/** As in ISO 8601, without the seconds: boundaries are whole steps. */
const minuteText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`;

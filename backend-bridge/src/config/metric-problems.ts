import type { TopicMapping } from '../domain/mapping';
import type { Measure, Metric } from '../domain/metric';
import { stepsOf } from '../domain/ladder';
import { isIrregular } from '../domain/windows';
import { durationText } from '../domain/duration-text';

/** Checks across settings of a metric. Every problem is a sentence with the fix. */

/** Readers report about once a second: with a shorter idle time every partition would be idle between two reports. */
const SHORTEST_IDLE_MS = 2_000;

export function combinationProblems(at: string, { metric }: TopicMapping): string[] {
  return [
    ...finalityProblems(at, metric),
    ...historyProblems(`${at}.history`, metric),
    ...metric.measures.flatMap((measure) => [
      ...averageProblems(`${at}.measures.${measure.name}`, measure, metric),
      ...thresholdProblems(`${at}.measures.${measure.name}.thresholds`, measure),
    ]),
    ...messageProblems(`${at}.event.message`, metric),
  ];
}

/** A window must be final before its points expire, by watermark and clock. */
function finalityProblems(at: string, metric: Metric): string[] {
  const { retentionMs, idleMs, window, finalOnly } = metric;
  const problems: string[] = [];
  if (idleMs < SHORTEST_IDLE_MS) {
    problems.push(
      `${at}.idle: must be at least ${durationText(SHORTEST_IDLE_MS)}, or every pause closes windows`,
    );
  }
  if (!finalOnly && retentionMs <= window.graceMs + idleMs) {
    problems.push(
      `${at}.retention: ${durationText(retentionMs)} is not longer than grace + idle (${durationText(window.graceMs)} + ${durationText(idleMs)}), so no window would be final before its points expire; set a longer retention, or a shorter grace`,
    );
  }
  return problems;
}

/** Each tier is a multiple of the previous one, and is kept longer. */
function historyProblems(at: string, metric: Metric): string[] {
  const tiers = metric.history ?? [];
  if (tiers.length === 0) return [];
  if (isIrregular(metric.window)) {
    const what = metric.window.type === 'session' ? 'sessions' : 'windows without a fixed distance';
    return [`${at}: ${what} have no steps; set a longer retention instead`];
  }
  const steps = stepsOf(metric).slice(1);
  return tiers.flatMap(({ stepMs, keepMs }, i) => {
    const before = tiers[i - 1];
    const problems: string[] = [];
    if (!steps.includes(stepMs)) {
      problems.push(
        `${at}.${i}.step: ${durationText(stepMs)} is not a step of this metric; take one of ${steps.map(durationText).join(', ')}`,
      );
    }
    if (before !== undefined && (stepMs <= before.stepMs || stepMs % before.stepMs !== 0)) {
      problems.push(
        `${at}.${i}.step: ${durationText(stepMs)} is not a multiple of the step before it, ${durationText(before.stepMs)}`,
      );
    }
    const shorter = before?.keepMs ?? metric.retentionMs;
    if (keepMs <= shorter) {
      problems.push(
        `${at}.${i}.keep: ${durationText(keepMs)} is not longer than ${durationText(shorter)}, which ${before === undefined ? 'the windows are' : 'the steps before it are'} kept`,
      );
    }
    return problems;
  });
}

function averageProblems(at: string, measure: Measure, { measures }: Metric): string[] {
  const { sumFrom, countFrom } = measure;
  const problems: string[] = [];
  for (const [setting, name] of [
    ['sum_from', sumFrom],
    ['count_from', countFrom],
  ] as const) {
    const other = measures.find((one) => one.name === name);
    if (other === undefined) continue;
    if (other === measure)
      problems.push(`${at}.${setting}: an average is not its own sum or count; name another`);
    else if (other.combine !== 'sum') {
      problems.push(
        `${at}.${setting}: "${other.name}" has combine: ${other.combine}; name a measure with combine: sum`,
      );
    }
  }
  if (sumFrom !== null && sumFrom === countFrom && sumFrom !== measure.name) {
    problems.push(`${at}: sum_from and count_from are both "${sumFrom}"; name the sum and the count`);
  }
  return problems;
}

function thresholdProblems(at: string, { thresholds }: Measure): string[] {
  const wrong = thresholds.findIndex(({ value }, i) => {
    const before = thresholds[i - 1]?.value;
    return i > 0 && (value === null || (typeof before === 'number' && value <= before));
  });
  if (wrong < 0) return [];
  return [`${at}.${wrong}: values must ascend, and only the first may be null`];
}

function messageProblems(at: string, metric: Metric): string[] {
  const known = ['value', ...metric.dimensions.map(({ name }) => name)];
  return [...(metric.event?.message ?? '').matchAll(/\{([^{}]+)\}/g)]
    .map((match) => match[1]!)
    .filter((name) => !known.includes(name))
    .map((name) => `${at}: {${name}} is not one of ${known.map((one) => `{${one}}`).join(', ')}`);
}

/** A topic has one format, and one kind of windows when its keys contain them. */
export function sharedTopicProblems(mappings: readonly TopicMapping[]): string[] {
  const problems: string[] = [];
  const first = new Map<string, TopicMapping>();
  for (const mapping of mappings) {
    const other = first.get(mapping.topic);
    if (other === undefined) {
      first.set(mapping.topic, mapping);
      continue;
    }
    const differs = (setting: string): void => {
      problems.push(
        `metrics.${mapping.metric.name}.${setting}: differs from that of metrics.${other.metric.name}, which has the same topic; correct one, or the topic`,
      );
    };
    if (mapping.key.format !== other.key.format) differs('key.format');
    if (mapping.key.windowed !== other.key.windowed) differs('key.windowed');
    else if (mapping.key.windowed !== 'none' && windowOf(mapping) !== windowOf(other)) differs('window');
    if (mapping.value.format !== other.value.format) differs('value.format');
  }
  return problems;
}

function windowOf({ metric: { window } }: TopicMapping): string {
  const { graceMs: _, ...places } = window;
  return JSON.stringify(places);
}

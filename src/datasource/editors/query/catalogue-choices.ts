import { getValueFormats } from '@grafana/data';
import type { MeasureEntry, MetricEntry } from '../../catalogue';
import type { OverTime } from '../../query';
import type { Choice } from '../fields/ChoiceField';
import { durationText } from './durations';

/** `Title (name)`: people know a metric by either, and the list is searched by what it shows. */
const titled = ({ name, title }: { name: string; title: string }): string =>
  title === '' || title === name ? name : `${title} (${name})`;

export const metricChoices = (metrics: readonly MetricEntry[]): readonly Choice[] =>
  metrics.map((metric) => ({
    value: metric.name,
    label: titled(metric),
    description: metric.description,
  }));

export const measureChoices = (metric: MetricEntry | undefined): readonly Choice[] =>
  (metric?.measures ?? []).map((measure) => ({
    value: measure.name,
    label: titled(measure),
    description: [unitName(measure.unit), measure.description].filter((part) => part !== '').join(' · '),
  }));

export const dimensionChoices = (metric: MetricEntry | undefined): readonly Choice[] =>
  (metric?.dimensions ?? []).map((dimension) => ({
    value: dimension.name,
    label: titled(dimension),
    description: dimension.description,
  }));

export const measureOf = (metric: MetricEntry, name: string | undefined): MeasureEntry | undefined =>
  metric.measures.find((measure) => measure.name === (name ?? metric.default_measure));

/** The unit as Grafana's unit picker calls it, the id itself where Grafana does not know it; empty for mere numbers. */
export function unitName(id: string): string {
  if (id === '' || id === 'none' || id === 'short') return '';
  for (const { submenu } of getValueFormats()) {
    const found = submenu.find((format) => format.value === id);
    if (found !== undefined) return found.text;
  }
  return id;
}

const OVER_TIME_LABELS: Readonly<Record<OverTime, string>> = {
  avg: 'Average',
  sum: 'Sum',
  min: 'Minimum',
  max: 'Maximum',
  last: 'Last',
};

export const overTimeLabel = (rule: OverTime): string => OVER_TIME_LABELS[rule];

export const overTimeChoices = (rules: readonly OverTime[]): readonly Choice<OverTime>[] =>
  rules.map((rule) => ({ value: rule, label: OVER_TIME_LABELS[rule] }));

/** `window` and the longer steps of the metric's ladder. */
export function stepChoices(metric: MetricEntry | undefined): readonly Choice[] {
  const [shortest, ...longer] = metric?.steps_ms ?? [];
  return [
    {
      value: 'window',
      label: shortest === undefined ? 'One window' : `One window (${durationText(shortest)})`,
    },
    ...longer.map((step) => ({ value: durationText(step), label: durationText(step) })),
  ];
}

/** What kind of windows a metric has, in a short sentence. */
export function windowText({ window, final_only: finalOnly }: MetricEntry): string {
  const kinds = {
    tumbling: `Windows of ${durationText(window.size_ms)}`,
    hopping: `Windows of ${durationText(window.size_ms)} every ${durationText(window.advance_ms)}`,
    session: `Sessions that end after ${durationText(window.gap_ms)} of silence`,
  };
  const grace = window.grace_ms === 0 ? 'no grace' : `${durationText(window.grace_ms)} grace`;
  return `${kinds[window.type]}, ${finalOnly ? 'final results only' : grace}.`;
}

/** Why series of the measure cannot be combined; undefined where they can. */
export function notCombinable(measure: MeasureEntry | undefined): string | undefined {
  if (measure === undefined || measure.across_series) return undefined;
  const reasons: Partial<Record<MeasureEntry['combine'], string>> = {
    avg: 'it is an average, and the metric has no sum and count to make another one from',
    distinct: 'it counts distinct things, and one thing may be in several series',
  };
  const reason = reasons[measure.combine] ?? 'the metric names no rule for it';
  return `Series of "${measure.title || measure.name}" cannot be combined: ${reason}.`;
}

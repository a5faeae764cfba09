import { getValueFormats } from '@grafana/data';
import { t } from '../../../locales/translate';
import type { MeasureEntry, MetricEntry } from '../../catalogue';
import type { OverTime } from '../../query';
import type { Choice } from '../fields/ChoiceField';
import { durationText } from './durations';

/** `Title (name)`: users know a metric by either, and the list is searched by its labels. */
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

export const overTimeLabel = (rule: OverTime): string => {
  const labels: Readonly<Record<OverTime, string>> = {
    avg: t('statistic.avg', 'Average'),
    sum: t('statistic.sum', 'Sum'),
    min: t('statistic.min', 'Minimum'),
    max: t('statistic.max', 'Maximum'),
    last: t('statistic.last', 'Last'),
  };
  return labels[rule];
};

export const overTimeChoices = (rules: readonly OverTime[]): readonly Choice<OverTime>[] =>
  rules.map((rule) => ({ value: rule, label: overTimeLabel(rule) }));

/** `window` and the longer steps of the metric's ladder. */
export function stepChoices(metric: MetricEntry | undefined): readonly Choice[] {
  const [shortest, ...longer] = metric?.steps_ms ?? [];
  return [
    {
      value: 'window',
      label:
        shortest === undefined
          ? t('query.step.window', 'One window')
          : t('query.step.window-of', 'One window ({{window}})', { window: durationText(shortest) }),
    },
    ...longer.map((step) => ({ value: durationText(step), label: durationText(step) })),
  ];
}

/** What kind of windows a metric has, in a short sentence. */
export function windowText({ window, final_only: finalOnly }: MetricEntry): string {
  const size = durationText(window.size_ms);
  const kinds = {
    tumbling: () => t('metric.windows.tumbling', 'Windows of {{size}}', { size }),
    hopping: () =>
      t('metric.windows.hopping', 'Windows of {{size}} every {{advance}}', {
        size,
        advance: durationText(window.advance_ms),
      }),
    session: () =>
      t('metric.windows.session', 'Sessions that end after {{gap}} of inactivity', {
        gap: durationText(window.gap_ms),
      }),
  };
  const windows = irregularText(window) ?? kinds[window.type]();
  if (finalOnly) return t('metric.final-only', '{{windows}}, final results only.', { windows });
  return window.grace_ms === 0
    ? t('metric.no-grace', '{{windows}}, no grace period.', { windows })
    : t('metric.grace', '{{windows}}, grace period {{grace}}.', {
        windows,
        grace: durationText(window.grace_ms),
      });
}

/** Windows of more kinds than their type says; undefined for those of which it says all. */
function irregularText(window: MetricEntry['window']): string | undefined {
  if (window.calendar !== undefined) {
    const { unit, timezone } = window.calendar;
    const names = {
      day: () => t('metric.windows.days', 'Days in {{timezone}}', { timezone }),
      week: () => t('metric.windows.weeks', 'Weeks in {{timezone}}', { timezone }),
      month: () => t('metric.windows.months', 'Months in {{timezone}}', { timezone }),
    };
    return names[unit]();
  }
  const size = durationText(window.size_ms);
  if (window.cumulating_ms !== undefined) {
    return t('metric.windows.cumulating', 'Windows that grow by {{size}} up to {{most}}', {
      size,
      most: durationText(window.cumulating_ms),
    });
  }
  if (window.any_start !== true) return undefined;
  return t('metric.windows.any-start', 'Windows of {{size}} that begin at any time', { size });
}

/** Why series of the measure cannot be combined; undefined where they can. */
export function notCombinable(measure: MeasureEntry | undefined): string | undefined {
  if (measure === undefined || measure.across_series) return undefined;
  const name = { measure: measure.title || measure.name };
  switch (measure.combine) {
    case 'avg':
      return t(
        'measure.not-combinable.avg',
        'Series of "{{measure}}" cannot be combined: it is an average, and the metric has no sum and count to compute one from.',
        name,
      );
    case 'distinct':
      return t(
        'measure.not-combinable.distinct',
        'Series of "{{measure}}" cannot be combined: it is a distinct count, and the same item can be in several series.',
        name,
      );
    case 'none':
    case 'sum':
    case 'min':
    case 'max':
      return t(
        'measure.not-combinable.other',
        'Series of "{{measure}}" cannot be combined: the metric defines no rule for it.',
        name,
      );
  }
}

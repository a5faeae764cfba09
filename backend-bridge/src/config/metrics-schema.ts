import { z } from 'zod';
import { duration } from './duration';
import { fieldPath, name, TOPIC_NAME } from './names';
import { keySchema, valueSchema } from './payload-mapping';
import { timezone, windowSchema } from './window-mapping';

/** The form of metrics.yaml; the reference is made from its descriptions. */

const timeFieldSchema = z.strictObject({
  field: fieldPath,
  unit: z.enum(['ms', 's', 'us', 'ns', 'text']).default('ms').describe('How the time is written.'),
  timezone: timezone.optional().describe('Of local texts without a zone. Default: UTC.'),
  in: z.enum(['key', 'value']).default('value'),
});

const measureSchema = z.strictObject({
  field: fieldPath,
  title: z.string().optional(),
  description: z.string().default(''),
  unit: z.string().default('').describe('A Grafana unit id, e.g. short, currencyUSD, ms.'),
  combine: z
    .enum(['sum', 'min', 'max', 'avg', 'distinct', 'none'])
    .default('none')
    .describe('How series become one number.'),
  sum_from: name.optional().describe('For avg: the measure with the sum behind it.'),
  count_from: name.optional().describe('For avg: the measure with the count behind it.'),
  over_time: z
    .enum(['avg', 'sum', 'min', 'max', 'last'])
    .optional()
    .describe('How windows of a step become one number.'),
  optional: z.boolean().default(false).describe('A record without the field is valid.'),
  thresholds: z
    .array(z.strictObject({ value: z.number().nullable(), color: z.string().min(1) }))
    .default([])
    .describe("Grafana's colours of values from `value` on; null: below the others."),
});

const dimensionSchema = z.strictObject({
  title: z.string().optional(),
  description: z.string().default(''),
  from: z
    .union([
      z.literal('key').describe('The whole of a primitive key.'),
      z.strictObject({ key: fieldPath }),
      z.strictObject({ value: fieldPath }),
    ])
    .describe('Where the label is read.'),
});

export const metricSchema = z.strictObject({
  title: z.string().optional(),
  description: z.string().default(''),
  kind: z
    .enum(['window', 'event'])
    .default('window')
    .describe('window: one value per window; event: something that happened.'),
  topic: z.string().regex(TOPIC_NAME, {
    error: ({ input }) =>
      `${JSON.stringify(input)} is not a Kafka topic name, of a-z, A-Z, 0-9, ".", "_" and "-"; several topics, or a pattern, are a metric each`,
  }),
  key: keySchema.default({ format: 'string', windowed: 'time' }),
  value: valueSchema.default({ format: 'json' }),
  window: windowSchema,
  time: z
    .strictObject({
      start: z
        .union([z.enum(['key', 'timestamp']), timeFieldSchema])
        .optional()
        .describe('Default: key, where the key is windowed; otherwise reckoned from the end.'),
      end: z
        .union([z.enum(['key', 'size']), timeFieldSchema])
        .optional()
        .describe('Default: start + size; for sessions the key.'),
      event_time: z
        .union([z.enum(['timestamp', 'start', 'end']), timeFieldSchema])
        .optional()
        .describe('What moves the watermark. Default: the record timestamp; the end for final_only.'),
    })
    .default({}),
  dimensions: z.record(name, dimensionSchema).default({}),
  measures: z.record(name, measureSchema),
  event: z
    .strictObject({
      severity: z.enum(['info', 'warning', 'critical']).default('warning'),
      message: z.string().min(1).describe('{value} and {dimension} are filled in.'),
    })
    .optional(),
  retention: duration.prefault('24h').describe('A point expires at its window end + retention.'),
  history: z
    .array(
      z.strictObject({
        step: duration.describe('Length of a step: a step of the metric, longer than one window.'),
        keep: duration.describe('A step expires at its end + keep.'),
      }),
    )
    .min(1)
    .max(4)
    .optional()
    .describe(
      'Coarser steps that are kept longer than the windows. Events are kept whole for the longest `keep`.',
    ),
  idle: duration.optional().describe('Default: the window size, at least 60s.'),
  final_only: z
    .boolean()
    .default(false)
    .describe('The topic holds one final record per window (EMIT FINAL, suppress).'),
  max_series: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(100_000)
    .describe('Points of further series are counted, not stored.'),
});

export const metricsFileSchema = z.strictObject({
  version: z.literal(1),
  metrics: z.record(name, metricSchema),
});

/** A metric as it is written in the file, with defaults. */
export type MetricEntry = z.output<typeof metricSchema>;
export type MeasureEntry = z.output<typeof measureSchema>;
export type TimeFieldEntry = z.output<typeof timeFieldSchema>;

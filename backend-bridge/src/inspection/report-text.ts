import type { Inspection, MappingOutcome } from '../domain/inspecting';

/** What the commands print. */

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/** What a topic's records become, in lines. */
export function outcomeText(outcome: MappingOutcome): string {
  const { metric, topic, records, points, removals, deadLetters, warnings, late, expired, problem } = outcome;
  if (problem !== null) return `${metric} (${topic}): ${problem}`;
  const refused = deadLetters.reduce((sum, each) => sum + each.count, 0);
  const parts = [
    count(points, 'point'),
    ...(removals > 0 ? [`${count(removals, 'removal')} (tombstones)`] : []),
    count(refused, 'dead letter'),
  ];
  const lines = [`${metric} (${topic}): ${count(records, 'record')} -> ${parts.join(', ')}`];
  if (late > 0) lines.push(`  ${late} correct a window that was final already (late)`);
  if (expired > 0) lines.push(`  ${expired} are older than the retention and would not be stored`);
  for (const { reason, count: n, message, partition, offset } of deadLetters) {
    lines.push(`  ${n} x ${reason}, last at partition ${partition}, offset ${offset}: ${message}`);
  }
  lines.push(...warnings.map((warning) => `  warning: ${warning}`));
  return lines.join('\n');
}

/** An inspection as the file that it proposes: what was seen stands above it, as comments. */
export function inspectionText({
  topic,
  partitions,
  recordsRead,
  records,
  mapping,
  outcome,
}: Inspection): string {
  const seen = records.map(({ partition, offset, timestampMs, key, value }) => {
    const at = timestampMs < 0 ? 'no timestamp' : new Date(timestampMs).toISOString();
    return `${partition}/${offset} ${at}  key: ${key ?? 'none'}  value: ${value ?? 'none (tombstone)'}`;
  });
  const head = [
    `Topic ${topic}: ${count(partitions, 'partition')}, ${count(recordsRead, 'record')} read. The newest:`,
    ...seen.map((line) => `  ${line}`),
    'By this mapping they become:',
    ...outcomeText(outcome)
      .split('\n')
      .map((line) => `  ${line}`),
  ];
  return `${head.map((line) => `# ${line.replaceAll(/\p{Cc}+/gu, ' ')}`).join('\n')}\n#\n${mapping}`;
}

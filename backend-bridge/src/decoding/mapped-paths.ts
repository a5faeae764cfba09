import type { FieldPath, TopicMapping } from '../domain/mapping';

/** The paths that a mapping reads within the key or within the value. */
export function pathsIn(part: 'key' | 'value', mapping: TopicMapping): FieldPath[] {
  const { dimensions, measures, start, end, eventTime } = mapping;
  const times = [start, end, eventTime].flatMap((time) => (time.from === 'field' ? [time] : []));
  const named = [...dimensions, ...times].flatMap((source) => (source.in === part ? [source.path] : []));
  return part === 'value' ? [...named, ...measures.map(({ path }) => path)] : named;
}

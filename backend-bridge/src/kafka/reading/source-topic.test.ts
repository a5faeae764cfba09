import { mapping } from '../../decoding/decoding.test-support';
import type { TopicMapping } from '../../domain/mapping';
import { createSourceTopics, replaceTopics, type SourceTopic } from './source-topic';

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const incarnations = { topicId: 'id', partitions: 1, incarnations: [{ number: 1, starts: [0] }] };

const of = (topic: string, name: string, title = name, measure = 'N'): TopicMapping => {
  const one = mapping();
  return {
    ...one,
    topic,
    metric: { ...one.metric, name, title, topic },
    measures: [{ path: [measure], optional: false }],
  };
};
const topicsOf = (...mappings: TopicMapping[]): ReadonlyMap<string, SourceTopic> => {
  const topics = createSourceTopics(mappings, null, log);
  return topics;
};
/** As after some reading. */
function read(...mappings: TopicMapping[]): ReadonlyMap<string, SourceTopic> {
  const topics = topicsOf(...mappings);
  for (const topic of topics.values()) {
    topic.records = 7;
    for (const consumer of topic.consumers) consumer.incarnations = incarnations;
  }
  return topics;
}

describe('topics of another metrics file', () => {
  it('are read on where only titles and the like have changed', () => {
    const before = read(of('t', 'a'), of('u', 'b'));
    const { topics, isReadAlike } = replaceTopics(before, topicsOf(of('u', 'b', 'B'), of('t', 'a', 'A')));
    expect(isReadAlike).toBe(true);
    expect(topics.get('t')).toBe(before.get('t'));
    expect(topics.get('t')!.consumers[0]!.metric.title).toBe('A');
  });

  it('are read by the new mapping where that has changed; what was counted and settled stays', () => {
    const before = read(of('t', 'a'), of('t', 'b'));
    const { topics, isReadAlike } = replaceTopics(before, topicsOf(of('t', 'a', 'a', 'M'), of('t', 'c')));
    expect(isReadAlike).toBe(false);
    const topic = topics.get('t')!;
    expect(topic).not.toBe(before.get('t'));
    expect(topic.records).toBe(7);
    expect(topic.deadLetters).toBe(before.get('t')!.deadLetters);
    expect(topic.consumers.map(({ incarnations: known }) => known)).toEqual([incarnations, null]);
  });

  it.each([
    ['a topic is new', [of('t', 'a'), of('u', 'b')], ['t', 'u']],
    ['a topic is gone', [of('u', 'b')], ['u']],
    ['a metric of the topic is new', [of('t', 'a'), of('t', 'b')], ['t']],
  ])('are another subscription or another reading where %s', (_, mappings, names) => {
    const { topics, isReadAlike } = replaceTopics(read(of('t', 'a')), topicsOf(...mappings));
    expect(isReadAlike).toBe(false);
    expect([...topics.keys()]).toEqual(names);
  });
});

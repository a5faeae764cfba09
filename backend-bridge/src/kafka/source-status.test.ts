import { sourceStatus, type SourceState } from './source-status';
import type { GroupReader } from './reading/group-reader';

const joined = { processors: new Map(), joined: () => true } as unknown as GroupReader;
const state = (group: Partial<SourceState['group']>, reader: GroupReader | null = joined): SourceState => ({
  sourceTopics: new Map(),
  views: new Map(),
  reader,
  group: { pending: false, failing: null, unread: [], ...group },
  failing: null,
});

describe('the status of the source', () => {
  it('is not ready, without a failing hop, while the readers of other partitions are being looked up', () => {
    expect(sourceStatus(state({ pending: true }))).toMatchObject({
      ready: false,
      failing: null,
      pending: expect.stringContaining('being looked up') as string,
    });
    expect(sourceStatus(state({}))).toEqual({ ready: true, failing: null, topics: [] });
  });

  it('ignores the group before the consumer has joined it', () => {
    const status = sourceStatus(state({ pending: true, failing: 'shared' }, null));
    expect(status).toEqual({ ready: false, failing: null, topics: [] });
  });

  it('names the hop of a group that is shared', () => {
    const failing = 'events/1: not read into this store';
    expect(sourceStatus(state({ failing }))).toMatchObject({ failing: { hop: 'kafka', message: failing } });
  });
});

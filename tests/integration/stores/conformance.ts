import { describeOrder } from './conformance-order';
import { describeProgress } from './conformance-progress';
import { describeRandomSchedules } from './conformance-random';
import { describeReading } from './conformance-reading';
import { describeTopics } from './conformance-topics';
import { describeReload } from './conformance-reload';
import { describeChangedTimes } from './conformance-times';
import { describeWindows } from './conformance-windows';
import type { StoreFactory } from './store-rig';

/** What every SeriesStore does, sentence by sentence; the same for each of them. */
export function describeStore(name: string, factory: StoreFactory): void {
  describe(`${name} as a store of series`, () => {
    describe('points', () => describeOrder(factory));
    describe('topics', () => describeTopics(factory));
    describe('answers', () => describeReading(factory));
    describe('windows', () => describeWindows(factory));
    describe('progress', () => describeProgress(factory));
    describe('changed times', () => describeChangedTimes(factory));
    describe('changed definitions', () => describeReload(factory));
    describe('random schedules', () => describeRandomSchedules(factory));
  });
}

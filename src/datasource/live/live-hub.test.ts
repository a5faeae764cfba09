import { FakeLive } from '../testing/fake-live';
import { FakeBackend } from '../testing/fake-backend';
import { FakePage } from '../testing/fake-page';
import { LiveHub, type CachedAnswer } from './live-hub';
import { systemClock } from './ports';

const backend = new FakeBackend();
const hubOf = () => new LiveHub({ clock: systemClock, page: new FakePage(), transport: new FakeLive() });
const knownOn = (hub: LiveHub, path: string, msPerPoint: number): CachedAnswer => {
  const channel = hub.channel('uid', { mode: 'points', path, query: '{}' }, backend.history);
  return { channel, msPerPoint, frames: [{ length: msPerPoint, fields: [] }] };
};

test('of a panel that is resized again and again one answer is kept, whatever its width', () => {
  const hub = hubOf();
  for (let width = 800; width < 900; width += 1) hub.remember('question', knownOn(hub, 'v1/a', width));
  expect(hub.answers).toBe(1);
  expect(hub.recall('question', 850)?.msPerPoint).toBe(899);
});

test('a narrow panel and a wide one, whose steps differ, find their own answers', () => {
  const hub = hubOf();
  hub.remember('question', knownOn(hub, 'v1/minutes', 1_000));
  hub.remember('question', knownOn(hub, 'v1/hours', 40));
  expect(hub.recall('question', 1_000)?.channel.path).toBe('v1/minutes');
  expect(hub.recall('question', 40)?.channel.path).toBe('v1/hours');
  expect(hub.recall('another', 40)).toBeUndefined();
});

import { LiveChannelScope, toLiveChannelId, type LiveChannelAddress } from '@grafana/data';
import { config, setGrafanaLiveSrv, type GrafanaLiveSrv } from '@grafana/runtime';
import { NEVER } from 'rxjs';
import { pageHub } from './grafana-page';
import { PATH } from './testing/fake-backend';

const asked: (LiveChannelAddress & { namespace?: string })[] = [];
const service = {
  getStream: (address: LiveChannelAddress) => {
    asked.push(address);
    return NEVER;
  },
} as unknown as GrafanaLiveSrv;
beforeEach(() => {
  asked.length = 0;
  config.liveEnabled = true;
  setGrafanaLiveSrv(service);
});

const address = { uid: 'u'.repeat(40), path: PATH, query: '{"metric":"m"}', fromMs: 123 };

test('a channel is asked for under both names of its second part: Grafana 12.4 has renamed it', () => {
  pageHub().transport.subscribe(address);
  expect(asked).toEqual([
    {
      scope: LiveChannelScope.DataSource,
      stream: address.uid,
      namespace: address.uid,
      path: PATH,
      data: { query: address.query, from_ms: 123 },
    },
  ]);
});

test('a channel id is within the 160 characters that Grafana allows', () => {
  pageHub().transport.subscribe(address);
  expect(toLiveChannelId(asked[0]!).length).toBeLessThanOrEqual(160);
  expect(toLiveChannelId(asked[0]!)).toMatch(/^[A-Za-z0-9_\-/=.]+$/);
});

test('there is one hub for the page', () => {
  expect(pageHub()).toBe(pageHub());
});

test('Live that is switched off, or not there at all, is said', () => {
  expect(pageHub().transport.unavailable()).toBeUndefined();
  config.liveEnabled = false;
  expect(pageHub().transport.unavailable()).toBe('Grafana Live is switched off on this Grafana.');
  config.liveEnabled = true;
  setGrafanaLiveSrv(undefined as unknown as GrafanaLiveSrv);
  expect(pageHub().transport.unavailable()).toBe('Grafana Live is switched off on this Grafana.');
});

test('a tab that is hidden is noticed, until nobody wants to know', () => {
  const heard = jest.fn();
  const stop = pageHub().page.onChange(heard);
  Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
  expect(pageHub().page.isVisible()).toBe(false);
  stop();
  Object.defineProperty(document, 'visibilityState', { value: 'visible', configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
  expect(pageHub().page.isVisible()).toBe(true);
  expect(heard).toHaveBeenCalledTimes(1);
});

import type { BridgeClock } from '../domain/trusted-clock';
import { ClockWatch } from './clock-watch';

test('logs each clock that goes wrong once, and that this bridge’s is right again', () => {
  jest.useFakeTimers();
  let fault: string | null = null;
  let others: BridgeClock[] = [];
  const lines: string[] = [];
  const write = (_fields: object, message: string): void => void lines.push(message);
  const log = { debug: write, info: write, warn: write, error: write };
  const watch = new ClockWatch({ fault: () => fault, skewedBridges: () => others }, log);
  watch.start();
  jest.advanceTimersByTime(5_000);
  expect(lines).toEqual([]);
  fault = 'the clock of this bridge is 26 h ahead of the clock of Redis';
  others = [{ bridge: 'bridge-2:8765', aheadMs: -600_000 }];
  jest.advanceTimersByTime(5_000);
  expect(lines.splice(0)).toEqual([
    fault,
    'the clock of the bridge bridge-2:8765 is 10 min behind the clock of Redis; set it by NTP',
  ]);
  fault = null;
  jest.advanceTimersByTime(5_000);
  expect(lines).toEqual(['the clock of this bridge is right again']);
  watch.stop();
  jest.useRealTimers();
});

import { createLog } from './log';
import { createTelemetry } from './telemetry';

describe('Prometheus text', () => {
  test('counts, and reports freshness as now minus watermark', async () => {
    const telemetry = createTelemetry('1.2.3');
    telemetry.observe({
      nowMs: () => 70_000,
      tiers: async () => [{ metric: 'a', stepMs: 300_000, steps: 288, bytes: 900 }],
      watermarks: async () => [
        { metric: 'a', watermarkMs: 10_000 },
        { metric: 'b', watermarkMs: null },
      ],
    });
    telemetry.recordsRead('t', 5);
    telemetry.pointsWritten('a', 'accepted', 4);
    const text = await telemetry.text();
    expect(text).toContain('streamkpi_freshness_seconds{metric="a"} 60');
    expect(text).not.toContain('metric="b"');
    expect(text).toContain('streamkpi_history_steps{metric="a",step_ms="300000"} 288');
    expect(text).toContain('streamkpi_history_bytes{metric="a",step_ms="300000"} 900');
    expect(text).toContain('streamkpi_records_read_total{topic="t"} 5');
    expect(text).toContain('streamkpi_points_written_total{metric="a",outcome="accepted"} 4');
    expect(text).toContain('streamkpi_build_info{version="1.2.3"} 1');
  });

  test('reports whether the metrics file was applied, and drops the lag of a topic that it no longer names', async () => {
    const telemetry = createTelemetry('1');
    telemetry.configReloaded({ successful: false, lastSuccessMs: 90_000, message: 'window: is missing' });
    telemetry.partitionLag('gone', 0, 5);
    telemetry.partitionLag('gone', 1, 5);
    telemetry.partitionLag('read', 0, 7);
    telemetry.topicRemoved('gone', 2);
    const text = await telemetry.text();
    expect(text).toContain('streamkpi_config_last_reload_successful 0');
    expect(text).toContain('streamkpi_config_last_reload_success_timestamp_seconds 90');
    expect(text).not.toContain('topic="gone"');
    expect(text).toContain('streamkpi_consumer_lag_records{topic="read",partition="0"} 7');
  });

  test('a scrape answers while the store is down', async () => {
    const telemetry = createTelemetry('1');
    const down = (): Promise<never> => Promise.reject(new Error('down'));
    telemetry.observe({ nowMs: () => 0, watermarks: down, tiers: down });
    const text = await telemetry.text();
    expect(text).not.toContain('freshness_seconds{');
    expect(text).not.toContain('history_steps{');
  });
});

describe('logs', () => {
  test('secrets never reach a line', () => {
    const lines: string[] = [];
    const log = createLog('info', {}, { write: (line) => lines.push(line) }, ['hunter1%']);
    log.info(
      { password: 'hunter2', kafka: { sasl_password: 'hunter3' }, url: 'redis://u:hunter4@h:1' },
      'hello',
    );
    const wrong = new Error('WRONGPASS at redis://u:hunter5@h', { cause: new Error('http://u:hunter6@h') });
    log.error({ err: Object.assign(wrong, { command: { name: 'auth', args: ['hunter7'] } }) }, 'refused');
    log.warn({ err: new Error('the provider says: no client has hunter1%') }, 'refused: hunter1%25');
    log.warn({ reason: 'lost http://u:hunter8@h' }, 'paused: http://u:hunter9@h');
    expect(lines.join('')).toContain('"msg":"hello"');
    expect(lines.join('')).not.toMatch(/hunter/);
    expect(lines.join('')).toContain('WRONGPASS at redis://********@h');
  });
});

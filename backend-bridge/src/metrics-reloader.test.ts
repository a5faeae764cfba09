import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMetricsFile } from './config/metrics-file';
import { UnavailableError } from './domain/errors';
import type { ReloadStatus } from './domain/reload-status';
import { MetricsReloader } from './metrics-reloader';

const yaml = (title: string, extra = ''): string => `version: 1
metrics:
  m:
    title: ${title}
    topic: t
    window: { type: tumbling, size: 1m }
    measures: { value: { field: N, combine: sum } }
${extra}`;

/** Looks by hand: the test says when half a second is over. */
function watched(file: string) {
  const titles: string[] = [];
  const statuses: ReloadStatus[] = [];
  const errors: string[] = [];
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (fields: object) => void errors.push((fields as { reason: string }).reason),
  };
  const world = { nowMs: 1_000, unavailable: false, during: (): unknown => undefined };
  const reloader = new MetricsReloader({
    file,
    mappings: readMetricsFile(file),
    read: () => readMetricsFile(file),
    replace: async (mappings) => {
      if (world.unavailable) throw new UnavailableError('store', 'Redis is away');
      world.during();
      titles.push(mappings.map(({ metric }) => metric.title).join());
      return mappings.map(({ metric }) => metric.name);
    },
    onStatus: (status) => void statuses.push(status),
    log,
    clock: () => world.nowMs,
  });
  const look = async (times = 2): Promise<void> => {
    for (let i = 0; i < times; i += 1) await reloader.look();
  };
  return { reloader, titles, statuses, errors, world, look };
}

describe('the metrics file while the bridge runs', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'streamkpi-reload-'));
    file = join(folder, 'metrics.yaml');
    writeFileSync(file, yaml('one'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('is read again when it was written to, once two looks have found it alike', async () => {
    const { titles, look, world, reloader } = watched(file);
    await look(3);
    expect(titles).toEqual([]);
    writeFileSync(file, yaml('half of it'));
    await look(1);
    writeFileSync(file, yaml('two, and longer'));
    await look(1);
    expect(titles).toEqual([]);
    world.nowMs = 2_000;
    await look(1);
    expect(titles).toEqual(['two, and longer']);
    expect(reloader.status).toEqual({ successful: true, lastSuccessMs: 2_000, message: null });
    await look(3);
    expect(titles).toHaveLength(1);
  });

  test('is read again when an editor replaces it', async () => {
    const { titles, look } = watched(file);
    for (const title of ['two', 'six']) {
      writeFileSync(`${file}.new`, yaml(title));
      renameSync(`${file}.new`, file);
      await look();
    }
    expect(titles).toEqual(['two', 'six']);
  });

  test('is read again when Kubernetes swaps the link to the folder of a ConfigMap', async () => {
    const publish = (version: string): void => {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'metrics.yaml'), yaml(version));
      symlinkSync(version, join(folder, '..data.new'));
      renameSync(join(folder, '..data.new'), join(folder, '..data'));
    };
    publish('v1');
    rmSync(file);
    symlinkSync(join('..data', 'metrics.yaml'), file);
    const { titles, look } = watched(file);
    publish('v2');
    await look();
    rmSync(join(folder, 'v1'), { recursive: true });
    publish('v3');
    await look();
    expect(titles).toEqual(['v2', 'v3']);
  });

  test('is read again when a schema file beside it changes', async () => {
    const schema = join(folder, 'm.avsc');
    writeFileSync(schema, '{"type":"record","name":"a","fields":[]}');
    writeFileSync(file, yaml('avro', '    value: { format: avro, schema: m.avsc }\n'));
    const { titles, look } = watched(file);
    await look();
    writeFileSync(schema, '{"type":"record","name":"another","fields":[]}');
    await look();
    expect(titles).toEqual(['avro']);
  });

  test('changes nothing where it has faults, and says so once', async () => {
    const { titles, statuses, errors, look, world, reloader } = watched(file);
    writeFileSync(file, yaml('two').replace('1m', '60'));
    await look(30);
    expect(titles).toEqual([]);
    const message = expect.stringContaining('window.size: 60 has no unit') as string;
    expect(reloader.status).toEqual({ successful: false, lastSuccessMs: 1_000, message });
    expect(errors).toEqual([message]);
    rmSync(file);
    await look();
    expect(reloader.status.message).toMatch(/METRICS_FILE: cannot read/);
    world.nowMs = 3_000;
    writeFileSync(file, yaml('two'));
    await look();
    expect(titles).toEqual(['two']);
    expect(statuses.at(-1)).toEqual({ successful: true, lastSuccessMs: 3_000, message: null });
  });

  test('with a fault that ends elsewhere is tried again: a schema that came later, a store that was away', async () => {
    const { titles, look, world, reloader } = watched(file);
    writeFileSync(file, yaml('avro', '    value: { format: avro, schema: late.avsc }\n'));
    await look();
    expect(reloader.status.message).toMatch(/value\.schema: cannot read late\.avsc/);
    writeFileSync(join(folder, 'late.avsc'), '{"type":"record","name":"a","fields":[]}');
    await look(20);
    expect(titles).toEqual(['avro']);
    world.unavailable = true;
    writeFileSync(file, yaml('later'));
    await look();
    expect(reloader.status).toMatchObject({ successful: false, message: 'Redis is away' });
    world.unavailable = false;
    await look(20);
    expect(titles).toEqual(['avro', 'later']);
  });

  test('that changes while the last change takes effect is read once more', async () => {
    const { titles, look, world } = watched(file);
    world.during = () => {
      world.during = () => undefined;
      writeFileSync(file, yaml('three'));
    };
    writeFileSync(file, yaml('two'));
    await look(6);
    expect(titles).toEqual(['two', 'three']);
  });

  test('is read on request, changed or not, one time after the other', async () => {
    const { titles, reloader } = watched(file);
    await Promise.all([reloader.reload(), reloader.reload(), reloader.reload()]);
    expect(titles).toEqual(['one', 'one', 'one']);
    reloader.stop();
    await reloader.reload();
    expect(titles).toHaveLength(3);
  });
});

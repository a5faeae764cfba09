import type { ScopedVars, TypedVariableModel } from '@grafana/data';
import type { TemplateSrv } from '@grafana/runtime';
import {
  ConstantVariable,
  CustomVariable,
  EmbeddedScene,
  SceneFlexLayout,
  SceneVariableSet,
  TextBoxVariable,
  sceneGraph,
} from '@grafana/scenes';

/** A dashboard's variables, filled in by Grafana's own code. */

export type DashboardVariable = CustomVariable | TextBoxVariable | ConstantVariable;

interface Choices {
  /** The selected values; several, or `$__all`. */
  readonly value: string | string[];
  readonly options?: readonly string[];
  readonly includeAll?: boolean;
  /** A value of its own for All. */
  readonly allValue?: string;
}

export function choice(name: string, { value, options = ['a', 'b', 'c'], ...rest }: Choices): CustomVariable {
  const isMulti = Array.isArray(value);
  const isAll = [value].flat().includes('$__all');
  return new CustomVariable({
    name,
    query: options.join(','),
    options: options.map((option) => ({ value: option, label: option })),
    value,
    text: isAll ? (isMulti ? ['All'] : 'All') : value,
    isMulti,
    ...rest,
  });
}

export const textBox = (name: string, value: string): TextBoxVariable => new TextBoxVariable({ name, value });

export const constant = (name: string, value: string): ConstantVariable =>
  new ConstantVariable({ name, value });

type Format = NonNullable<Parameters<typeof sceneGraph.interpolate>[3]>;

export class DashboardVariables implements TemplateSrv {
  private readonly scene: Parameters<typeof sceneGraph.interpolate>[0];

  constructor(private readonly variables: readonly DashboardVariable[] = []) {
    // The scenes' own types are not exact about optional parts.
    const parts = {
      $variables: new SceneVariableSet({ variables: [...variables] as never }),
      body: new SceneFlexLayout({ children: [] }),
    };
    this.scene = new EmbeddedScene(parts as never) as never;
  }

  readonly replace = (
    target = '',
    scopedVars?: ScopedVars,
    format?: Parameters<TemplateSrv['replace']>[2],
  ): string => sceneGraph.interpolate(this.scene, target, scopedVars, format as Format | undefined);

  readonly getVariables = (): TypedVariableModel[] =>
    this.variables.map((variable) => {
      const state = variable.state as unknown as Record<string, unknown>;
      const { name, type } = variable.state;
      const { isMulti: multi, includeAll, value, text } = state;
      return { name, type, multi, includeAll, current: { value, text } } as unknown as TypedVariableModel;
    });

  readonly containsTemplate = (target = ''): boolean => {
    const names = this.variables.map(({ state }) => state.name);
    return names.some((name) => target.includes(`$${name}`) || target.includes(`\${${name}`));
  };

  readonly updateTimeRange = (): void => undefined;
}

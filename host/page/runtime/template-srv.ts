import type { AdHocVariableFilter, ScopedVars, TypedVariableModel } from '@grafana/data';
import type { TemplateSrv, VariableInterpolation } from '@grafana/runtime';
import { sceneGraph, SceneObjectBase, type SceneObject, type SceneVariable } from '@grafana/scenes';

/** `$name`, `${name}`, `${name:format}`, `[[name]]`. */
const VARIABLE = /\$(\w+)|\[\[(\w+?)(?::\w+)?\]\]|\$\{(\w+)(?:\.[^:^}]+)?(?::[^}]+)?\}/g;

type VariableState = SceneVariable['state'] & { value?: unknown; text?: unknown };
type Format = NonNullable<Parameters<typeof sceneGraph.interpolate>[3]>;

/** Fills in variables as Grafana's dashboards do: from the scene that asks, else from the dashboard that is shown. */
export class HostTemplateSrv implements TemplateSrv {
  private shown(): SceneObject | undefined {
    const scene = window.__grafanaSceneContext;
    return scene instanceof SceneObjectBase && scene.isActive ? scene : undefined;
  }

  private sceneOf(scopedVars?: ScopedVars): SceneObject | undefined {
    const carried: unknown = (scopedVars?.['__sceneObject']?.value as object | undefined)?.valueOf();
    return carried instanceof SceneObjectBase ? carried : this.shown();
  }

  getVariables(): TypedVariableModel[] {
    const scene = this.shown();
    if (scene === undefined) return [];
    return sceneGraph.getVariables(scene).state.variables.map((variable) => {
      // What is selected, where All is `$__all`: getValue() would list the values that All stands for.
      const { value = variable.getValue(), text = value, ...state } = variable.state as VariableState;
      return { ...state, current: { value, text } } as unknown as TypedVariableModel;
    });
  }

  replace(
    target = '',
    scopedVars?: ScopedVars,
    format?: Parameters<TemplateSrv['replace']>[2],
    interpolations?: VariableInterpolation[],
  ): string {
    const scene = this.sceneOf(scopedVars);
    if (scene !== undefined) {
      const kept = interpolations;
      return sceneGraph.interpolate(scene, target, scopedVars, format as Format | undefined, kept);
    }
    return target.replace(VARIABLE, (match: string, plain?: string, square?: string, braced?: string) => {
      const value = scopedVars?.[plain ?? square ?? braced ?? '']?.value as
        string | number | null | undefined;
      return value === undefined || value === null ? match : String(value);
    });
  }

  containsTemplate(target = ''): boolean {
    const names = this.getVariables().map(({ name }) => name);
    return [...target.matchAll(VARIABLE)].some(([, plain, square, braced]) => {
      const name = plain ?? square ?? braced ?? '';
      return name.startsWith('__') || names.includes(name);
    });
  }

  /** Old data sources ask for a dashboard's ad-hoc filters here; @grafana/scenes puts its own answer in its place. */
  getAdhocFilters(): readonly AdHocVariableFilter[] {
    return [];
  }

  updateTimeRange(): void {
    // Scenes carry their range themselves.
  }
}

import { css } from '@emotion/css';
import {
  PanelOptionsEditorBuilder,
  type GrafanaTheme2,
  type PanelOptionsEditorItem,
  type StandardEditorContext,
} from '@grafana/data';
import { sceneGraph, type VizPanel } from '@grafana/scenes';
import { Field, useStyles2 } from '@grafana/ui';
import { get, set, cloneDeep } from 'lodash';
import React from 'react';

const styles = (theme: GrafanaTheme2) => ({
  category: css({ fontSize: theme.typography.h5.fontSize, margin: theme.spacing(2, 0, 1) }),
});

type Context = StandardEditorContext<Record<string, unknown>>;

function itemsOf(panel: VizPanel, context: Context): PanelOptionsEditorItem[] {
  const builder = new PanelOptionsEditorBuilder<Record<string, unknown>>();
  const supply = panel.getPlugin()?.getPanelOptionsSupplier() as
    ((builder: PanelOptionsEditorBuilder<Record<string, unknown>>, context: Context) => void) | undefined;
  supply?.(builder, context);
  const options = context.options ?? {};
  return builder.getItems().filter(({ showIf }) => showIf?.(options, context.data) ?? true);
}

/** The plugin's own options of a panel, by the editors it asks for. */
export function OptionsPane({ panel }: { panel: VizPanel }) {
  const style = useStyles2(styles);
  const { options } = panel.useState();
  const { data } = sceneGraph.getData(panel).useState();
  const context: Context = {
    data: data?.series ?? [],
    options,
    replaceVariables: (text) => sceneGraph.interpolate(panel, text),
  };
  const items = itemsOf(panel, context);
  const categories = [...new Set(items.map(({ category }) => category?.[0] ?? ''))];
  return categories.map((category) => (
    <section key={category} aria-label={category === '' ? 'Options' : category}>
      <h2 className={style.category}>
        {category === '' ? (panel.getPlugin()?.meta.name ?? 'Options') : category}
      </h2>
      {items
        .filter((item) => (item.category?.[0] ?? '') === category)
        .map((item) => {
          const Editor = item.editor;
          return (
            <Field key={item.id} label={item.name} description={item.description}>
              <div>
                <Editor
                  id={item.id}
                  value={(get(options, item.path) ?? item.defaultValue) as unknown}
                  item={item}
                  context={context}
                  onChange={(value) => {
                    const next: Record<string, unknown> = cloneDeep(options);
                    set(next, item.path, value);
                    panel.onOptionsChange(next, true);
                  }}
                />
              </div>
            </Field>
          );
        })}
    </section>
  ));
}

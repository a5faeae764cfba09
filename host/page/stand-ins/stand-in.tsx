import { css } from '@emotion/css';
import {
  FieldConfigProperty,
  identityOverrideProcessor,
  PanelPlugin,
  PluginType,
  type FieldColorModeId,
  type FieldConfigPropertyItem,
  type GrafanaTheme2,
  type PanelPluginMeta,
  type PanelProps,
} from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import React from 'react';

const CAPTION_HEIGHT = 16;

const styles = (theme: GrafanaTheme2) => ({
  frame: css({ display: 'flex', flexDirection: 'column', width: '100%', height: '100%' }),
  body: css({ flex: 1, minHeight: 0, overflow: 'hidden', position: 'relative' }),
  caption: css({
    height: CAPTION_HEIGHT,
    lineHeight: `${CAPTION_HEIGHT}px`,
    fontSize: 11,
    textAlign: 'right',
    overflow: 'hidden',
    whiteSpace: 'nowrap',
    color: theme.colors.text.secondary,
  }),
});

export type StandInProps = PanelProps<Record<string, unknown>>;

/** Names the panel that this one replaces, so that nobody takes it for Grafana's own. */
function named(title: string, Body: React.ComponentType<StandInProps>): React.ComponentType<StandInProps> {
  return function StandIn(props: StandInProps) {
    const style = useStyles2(styles);
    return (
      <div className={style.frame}>
        <div className={style.body}>
          <Body {...props} height={Math.max(0, props.height - CAPTION_HEIGHT)} />
        </div>
        <div className={style.caption} data-testid="stand-in">
          stand-in for Grafana&apos;s {title}
        </div>
      </div>
    );
  };
}

export function standInMeta(id: string, name: string): PanelPluginMeta {
  return {
    id,
    name,
    type: PluginType.panel,
    module: '',
    baseUrl: '',
    sort: 100,
    info: {
      author: { name: 'host page' },
      description: `Stand-in for Grafana's ${name}`,
      links: [],
      logos: { small: '', large: '' },
      screenshots: [],
      updated: '',
      version: '0.0.0',
    },
  };
}

const NoEditor = (): null => null;

/**
 * A panel in the place of one of Grafana's own.
 * @param custom the field options that its drawing reads, with what they are when a dashboard does not set them
 * @param color how series are coloured when a dashboard does not say
 */
export function standIn(
  id: string,
  title: string,
  Body: React.ComponentType<StandInProps>,
  custom: Readonly<Record<string, unknown>> = {},
  color?: FieldColorModeId,
): PanelPlugin {
  const plugin = new PanelPlugin(named(title, Body) as React.ComponentType<PanelProps>);
  plugin.useFieldConfig({
    ...(color === undefined
      ? {}
      : { standardOptions: { [FieldConfigProperty.Color]: { defaultValue: { mode: color } } } }),
    useCustomConfig: (builder) => {
      for (const [path, defaultValue] of Object.entries(custom)) {
        const property: FieldConfigPropertyItem = {
          id: path,
          path,
          name: path,
          editor: NoEditor,
          override: NoEditor,
          process: identityOverrideProcessor,
          shouldApply: () => true,
          defaultValue,
          settings: {},
        };
        builder.addCustomEditor(property);
      }
    },
  });
  plugin.setDataSupport({ annotations: true, alertStates: false });
  plugin.meta = standInMeta(id, title);
  return plugin;
}

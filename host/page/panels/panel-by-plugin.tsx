import {
  getPanelOptionsWithDefaults,
  getTimeZone,
  PluginContextProvider,
  useFieldOverrides,
  type FieldConfigSource,
  type PanelPlugin,
} from '@grafana/data';
import {
  getAppEvents,
  getPluginImportUtils,
  getTemplateSrv,
  type PanelRendererProps,
} from '@grafana/runtime';
import { ErrorBoundaryAlert, useTheme2 } from '@grafana/ui';
import React, { useCallback, useEffect, useMemo, useState } from 'react';

const NO_FIELDS: FieldConfigSource = { defaults: {}, overrides: [] };
const ignore = (): void => undefined;

interface Loaded {
  readonly id: string;
  readonly plugin?: PanelPlugin;
  readonly fault?: string;
}

function usePanelPlugin(id: string): Loaded {
  const [loaded, setLoaded] = useState<Loaded>(() => {
    const plugin = getPluginImportUtils().getPanelPluginFromCache(id);
    return plugin === undefined ? { id } : { id, plugin };
  });
  useEffect(() => {
    let wanted = true;
    getPluginImportUtils()
      .importPanelPlugin(id)
      .then((plugin) => wanted && setLoaded({ id, plugin }))
      .catch((reason: unknown) => wanted && setLoaded({ id, fault: String(reason) }));
    return () => {
      wanted = false;
    };
  }, [id]);
  return loaded.id === id ? loaded : { id };
}

type Props = Omit<PanelRendererProps, 'fieldConfig'> & { readonly fieldConfig?: FieldConfigSource };

/** A panel by its plugin's id, outside a dashboard: with the options' defaults and the field options applied. */
export function PanelByPlugin(props: Props) {
  const { pluginId, data, title, width, height, options = {}, fieldConfig = NO_FIELDS } = props;
  const { plugin, fault } = usePanelPlugin(pluginId);
  const theme = useTheme2();
  const timeZone = props.timeZone ?? getTimeZone();
  const replace = useCallback<ReturnType<typeof getTemplateSrv>['replace']>(
    (...all) => getTemplateSrv().replace(...all),
    [],
  );
  const whole = useMemo(
    () =>
      plugin === undefined
        ? undefined
        : getPanelOptionsWithDefaults({
            plugin,
            currentOptions: options as Record<string, unknown>,
            currentFieldConfig: fieldConfig,
            isAfterPluginChange: false,
          }),
    [plugin, options, fieldConfig],
  );
  const shown = useFieldOverrides(plugin, whole?.fieldConfig, data, timeZone, theme, replace);
  if (fault !== undefined) return <div role="alert">{fault}</div>;
  const Panel = plugin?.panel;
  if (
    plugin === undefined ||
    whole === undefined ||
    shown === undefined ||
    Panel === null ||
    Panel === undefined
  ) {
    return <div>Loading the panel...</div>;
  }
  return (
    <ErrorBoundaryAlert dependencies={[plugin, data]}>
      <PluginContextProvider meta={plugin.meta}>
        <Panel
          id={1}
          data={shown}
          title={title}
          timeRange={shown.timeRange}
          timeZone={timeZone}
          options={whole.options}
          fieldConfig={whole.fieldConfig}
          transparent={false}
          width={width}
          height={height}
          renderCounter={0}
          replaceVariables={replace}
          onOptionsChange={props.onOptionsChange ?? ignore}
          onFieldConfigChange={props.onFieldConfigChange ?? ignore}
          onChangeTimeRange={props.onChangeTimeRange ?? ignore}
          eventBus={getAppEvents()}
        />
      </PluginContextProvider>
    </ErrorBoundaryAlert>
  );
}

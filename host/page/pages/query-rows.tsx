import { css } from '@emotion/css';
import {
  PluginContextProvider,
  type CoreApp,
  type DataQuery,
  type DataSourceApi,
  type GrafanaTheme2,
  type PanelData,
  type TimeRange,
} from '@grafana/data';
import { Button, IconButton, useStyles2 } from '@grafana/ui';
import React from 'react';

const styles = (theme: GrafanaTheme2) => ({
  row: css({
    background: theme.colors.background.secondary,
    borderRadius: theme.shape.radius.default,
    padding: theme.spacing(1),
    marginBottom: theme.spacing(1),
  }),
  head: css({ display: 'flex', gap: theme.spacing(1), alignItems: 'center', marginBottom: theme.spacing(1) }),
  text: css({ color: theme.colors.text.secondary, flex: 1 }),
  name: css({ margin: 0, fontSize: theme.typography.body.fontSize }),
});

interface Props {
  readonly source: DataSourceApi;
  readonly queries: readonly DataQuery[];
  readonly data: PanelData;
  readonly range: TimeRange;
  readonly app: CoreApp;
  readonly onChange: (queries: readonly DataQuery[]) => void;
  readonly onRun: () => void;
}

const nextRefId = (queries: readonly DataQuery[]): string => {
  const used = new Set(queries.map(({ refId }) => refId));
  return 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('').find((letter) => !used.has(letter)) ?? `Q${queries.length}`;
};

/** The plugin's query editor, once for each query. */
export function QueryRows({ source, queries, data, range, app, onChange, onRun }: Props) {
  const style = useStyles2(styles);
  const Editor = source.components?.QueryEditor;
  const replace = (at: number, query: DataQuery): void =>
    onChange(queries.map((one, index) => (index === at ? query : one)));
  return (
    <PluginContextProvider meta={source.meta}>
      {queries.map((query, at) => (
        <section key={query.refId} className={style.row} aria-label={`Query ${query.refId}`}>
          <div className={style.head}>
            <h2 className={style.name}>{query.refId}</h2>
            <span className={style.text}>{source.getQueryDisplayText?.(query)}</span>
            {queries.length > 1 && (
              <IconButton
                name="trash-alt"
                aria-label={`Remove query ${query.refId}`}
                onClick={() => onChange(queries.filter((one) => one !== query))}
              />
            )}
          </div>
          {Editor !== undefined && (
            <Editor
              datasource={source}
              query={query}
              queries={[...queries]}
              app={app}
              range={range}
              data={data}
              onChange={(next: DataQuery) => replace(at, next)}
              onRunQuery={onRun}
              onAddQuery={(next: DataQuery) => onChange([...queries, { ...next, refId: nextRefId(queries) }])}
            />
          )}
        </section>
      ))}
      <Button
        variant="secondary"
        size="sm"
        icon="plus"
        onClick={() =>
          onChange([...queries, { ...source.getDefaultQuery?.(app), refId: nextRefId(queries) }])
        }
      >
        Add query
      </Button>
    </PluginContextProvider>
  );
}

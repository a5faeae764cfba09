import React, { useState, type ComponentType } from 'react';
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { CoreApp } from '@grafana/data';
import { setTemplateSrv } from '@grafana/runtime';
import { CatalogueClient, type ResourceCall } from '../catalogue';
import type { StreamKpiDataSource } from '../datasource';
import { CATALOGUE } from './catalogue';
import { DashboardVariables, type DashboardVariable } from './template-variables';

/** An editor over the bridge's catalogue, as somebody works with it by mouse and keyboard. */

/** What the bridge answers to the calls of editors; a metric has the values `basic`, `premium` and `a.b`. */
export const answering: ResourceCall = (path, params) => {
  if (path === 'metrics') return Promise.resolve(CATALOGUE);
  const all = ['a.b', 'basic', 'premium'].filter((value) => value.startsWith(params['prefix'] ?? ''));
  return Promise.resolve({ values: all, truncated: false });
};

interface EditorProps<Query> {
  readonly datasource: StreamKpiDataSource;
  readonly query: Query;
  readonly app?: CoreApp;
  onChange(query: Query): void;
  onRunQuery(): void;
}

export interface EditorStage<Query> {
  /** As it would be saved now. */
  saved(): Query;
  /** How often the query has been run. */
  runs(): number;
  readonly user: ReturnType<typeof userEvent.setup>;
  /** Types a text into a labelled field and presses a key, as those do who use no mouse. */
  choose(label: string | RegExp, text: string, key?: string): Promise<void>;
  /** The choices of a labelled field that are listed when it is opened. */
  choicesOf(label: string | RegExp): Promise<string[]>;
}

interface Circumstances {
  readonly call?: ResourceCall;
  readonly variables?: DashboardVariable[];
  readonly app?: CoreApp;
  readonly backtest?: StreamKpiDataSource['backtest'];
}

/** jsdom lays nothing out, and lists show what has room only. */
function giveRoom(): void {
  for (const size of ['clientHeight', 'clientWidth', 'offsetHeight', 'offsetWidth']) {
    Object.defineProperty(HTMLElement.prototype, size, { value: 1_000, configurable: true });
  }
}

export async function showEditor<Query>(
  Editor: ComponentType<EditorProps<Query>>,
  start: Query,
  { call = answering, variables = [], app = CoreApp.Dashboard, backtest }: Circumstances = {},
): Promise<EditorStage<Query>> {
  giveRoom();
  setTemplateSrv(new DashboardVariables(variables));
  // Editors use nothing else of it.
  const datasource = { catalogue: new CatalogueClient(call), backtest } as unknown as StreamKpiDataSource;
  let saved = start;
  let runs = 0;
  function Stage() {
    const [query, setQuery] = useState(start);
    return (
      <Editor
        datasource={datasource}
        query={query}
        app={app}
        onChange={(next) => {
          // Grafana saves JSON.
          saved = JSON.parse(JSON.stringify(next)) as Query;
          setQuery(next);
        }}
        onRunQuery={() => (runs += 1)}
      />
    );
  }
  render(<Stage />);
  // The catalogue's answer.
  await act(async () => Promise.resolve());
  const user = userEvent.setup();
  return {
    saved: () => saved,
    runs: () => runs,
    user,
    choose: async (label, text, key = '{Enter}') => {
      await user.click(screen.getByLabelText(label));
      await user.keyboard(text);
      await user.keyboard(key);
    },
    choicesOf: async (label) => {
      await user.click(screen.getByLabelText(label));
      const listed = within(screen.getByRole('listbox')).getAllByRole('option');
      await user.keyboard('{Escape}');
      return listed.map((option) => option.textContent);
    },
  };
}

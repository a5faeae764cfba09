import React from 'react';
import 'react-grid-layout/css/styles.css';
import 'react-resizable/css/styles.css';
import 'uplot/dist/uPlot.min.css';
import './page.css';
import { App } from './pages/app';
import type { SourceSettings } from './runtime/data-source-srv';
import { importApps } from './runtime/plugin-importer';
import { installRuntime } from './runtime/runtime-services';
import { shareModules, type SharedModules } from './runtime/system-js';

/** The Grafana whose packages the page is made of. */
export interface HostEdition {
  readonly grafana: string;
  readonly shared: SharedModules;
  /** Where this Grafana keeps the data sources' settings besides the service. */
  readonly onSources?: (settings: SourceSettings) => void;
  readonly createRoot: (container: Element) => { render(node: React.ReactNode): void };
}

/** Starts the page: services, shared modules, apps, then what is to be seen. */
export async function startPage({
  grafana,
  shared,
  createRoot,
  onSources = () => undefined,
}: HostEdition): Promise<void> {
  const container = document.getElementById('host');
  if (container === null) throw new Error('the page has no element "host"');
  installRuntime(onSources);
  shareModules(shared);
  let fault = '';
  try {
    await importApps();
  } catch (reason) {
    console.error('The app could not be loaded', reason);
    fault = reason instanceof Error ? reason.message : String(reason);
  }
  createRoot(container).render(
    <>
      {fault !== '' && <div role="alert">The app could not be loaded: {fault}</div>}
      <App grafana={grafana} />
    </>,
  );
}

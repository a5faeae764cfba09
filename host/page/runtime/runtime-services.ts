import {
  setTimeZoneResolver,
  standardEditorsRegistry,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  EventBusSrv,
  type DataTransformerInfo,
  type TransformerRegistryItem,
} from '@grafana/data';
import {
  locationService,
  setAppEvents,
  setBackendSrv,
  setCurrentUser,
  setDataSourceSrv,
  setEchoSrv,
  setGrafanaLiveSrv,
  setLocationSrv,
  setPluginImportUtils,
  setRunRequest,
  setTemplateSrv,
  type EchoSrv,
} from '@grafana/runtime';
import { setPanelDataErrorView } from 'grafana-runtime-inner/components/PanelDataErrorView';
import { setPanelRenderer } from 'grafana-runtime-inner/components/PanelRenderer';
import { setPluginPage } from 'grafana-runtime-inner/components/PluginPage';
import { AppFrame } from '../pages/app-page';
import { PanelByPlugin } from '../panels/panel-by-plugin';
import { HostBackendSrv } from './backend-srv';
import { bootData } from './boot-data';
import { HostDataSourceSrv } from './data-source-srv';
import { HostLiveSrv } from './live-srv';
import { NoDataView } from './no-data-view';
import { optionEditors } from './option-editors';
import { importPanelPlugin, loadedPanelPlugin } from './plugin-importer';
import { runRequestWith } from './run-request';
import { standardFieldOptions } from './standard-options';
import { HostTemplateSrv } from './template-srv';

/** The page's bus: what Grafana puts into its notifications goes over it too. */
export const appEvents = new EventBusSrv();

const nowhere: EchoSrv = {
  flush: () => undefined,
  addBackend: () => undefined,
  addEvent: () => undefined,
  onInteraction: () => () => undefined,
};

function transformers(): TransformerRegistryItem[] {
  const all = Object.values(standardTransformers) as DataTransformerInfo[];
  return [...new Set(all)].map((info) => ({
    id: info.id,
    name: info.name,
    description: info.description ?? '',
    editor: () => null,
    imageDark: '',
    imageLight: '',
    transformation: () => Promise.resolve(info),
  }));
}

const backend = new HostBackendSrv();

/** Runs a request outside a dashboard the way its panels do. */
export const runPanelRequest = runRequestWith(backend);

/** Gives @grafana/runtime what Grafana gives it at its start. Once, before anything is rendered. */
export function installRuntime(): void {
  const { settings, user } = bootData();
  setBackendSrv(backend);
  setEchoSrv(nowhere);
  setAppEvents(appEvents);
  setCurrentUser(user as Parameters<typeof setCurrentUser>[0]);
  setLocationSrv(locationService);
  setTimeZoneResolver(() => user.timezone);
  setTemplateSrv(new HostTemplateSrv());
  setDataSourceSrv(new HostDataSourceSrv());
  setGrafanaLiveSrv(new HostLiveSrv(user.orgId, settings.liveEnabled));
  setPluginImportUtils({ importPanelPlugin, getPanelPluginFromCache: loadedPanelPlugin });
  setRunRequest(runPanelRequest);
  setPanelDataErrorView(NoDataView);
  setPanelRenderer(PanelByPlugin);
  setPluginPage(AppFrame);
  standardEditorsRegistry.setInit(optionEditors);
  standardFieldConfigEditorRegistry.setInit(standardFieldOptions);
  standardTransformersRegistry.setInit(transformers);
}

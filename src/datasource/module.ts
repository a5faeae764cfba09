import { DataSourcePlugin } from '@grafana/data';
import { loadTranslations } from '../locales/load-translations';
import { StreamKpiDataSource } from './datasource';
import { ConfigEditor } from './editors/ConfigEditor';
import { QueryEditor } from './editors/QueryEditor';
import { QueryHelp } from './editors/QueryHelp';
import type { StreamKpiOptions, StreamKpiSecrets } from './options';
import type { StreamKpiQuery } from './query';

void loadTranslations();

export const plugin = new DataSourcePlugin<
  StreamKpiDataSource,
  StreamKpiQuery,
  StreamKpiOptions,
  StreamKpiSecrets
>(StreamKpiDataSource)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor)
  .setQueryEditorHelp(QueryHelp);

import type { PanelOptionsEditorBuilder, SelectableValue } from '@grafana/data';
import { t } from '../../locales/translate';
import type { KpiPanelOptions, Section } from './panel-options';

export type Builder = PanelOptionsEditorBuilder<KpiPanelOptions>;

/** What a multi-select offers: its types take an option's value for the whole selection's. */
export type MultiChoice = SelectableValue<never>;

/** Whether the options of a part matter for what the panel shows. */
export const showsPart =
  (part: Section) =>
  (options: KpiPanelOptions): boolean =>
    options.show === 'auto' ||
    options.show === 'dashboard' ||
    options.show === part ||
    (options.show === 'chosen' && options.sections.includes(part));

type QueriesPath = 'cards.queries' | 'alerts.queries' | 'status.queries';

/** A choice among the panel's queries by their refIds. */
export function queryOption(
  builder: Builder,
  path: QueriesPath,
  category: string,
  description: string,
  part: Section,
): void {
  builder.addMultiSelect({
    path,
    name: t('options.queries.name', 'Queries'),
    description,
    category: [category],
    defaultValue: NO_QUERIES,
    settings: { options: [], getOptions: refIdChoices },
    showIf: showsPart(part),
  });
}

const NO_QUERIES: string[] = [];

/** The queries whose answers the panel has. */
function refIdChoices(context: QueryContext): Promise<MultiChoice[]> {
  const refIds = new Set(
    (context.data ?? []).map(({ refId }) => refId).filter((refId) => refId !== undefined),
  );
  return Promise.resolve([...refIds].sort().map((value) => ({ value, label: value })) as MultiChoice[]);
}

interface QueryContext {
  readonly data?: readonly { readonly refId?: string }[];
}

import React from 'react';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { DataSourceApi } from '@grafana/data';
import { CatalogueClient } from '../catalogue';
import { QUERY_SCHEMA, type StreamKpiQuery } from '../query';
import { answering } from '../testing/editor-stage';
import { QueryHelp } from './QueryHelp';

test('has an example of every query type, which becomes the query', async () => {
  const used: StreamKpiQuery[] = [];
  const datasource = {
    catalogue: new CatalogueClient(answering),
  } as unknown as DataSourceApi<StreamKpiQuery>;
  render(
    <QueryHelp datasource={datasource} query={{ refId: 'A' }} onClickExample={(query) => used.push(query)} />,
  );
  await screen.findByText('KPI of the range');
  for (const button of screen.getAllByRole('button', { name: /^Use the example/ }))
    await userEvent.click(button);
  expect([...new Set(used.map(({ kind }) => kind))].sort()).toEqual([...QUERY_SCHEMA.kind.choices].sort());
  for (const query of used) expect(query).toMatchObject({ refId: 'A', version: 1 });
  // As in new queries: a window that still grows would pull the line down.
  for (const query of used.filter(({ kind }) => kind === 'series')) expect(query.openWindows).toBe('exclude');
});

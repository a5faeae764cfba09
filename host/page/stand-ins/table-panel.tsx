import { getFrameDisplayName } from '@grafana/data';
import { PanelDataErrorView } from '@grafana/runtime';
import { Select, Table } from '@grafana/ui';
import React, { useState } from 'react';
import type { StandInProps } from './stand-in';

const SELECT_HEIGHT = 40;

/** One frame as a table by @grafana/ui; a list to choose from when there are several. */
export function TablePanel({ data, width, height, id, fieldConfig }: StandInProps) {
  const [chosen, setChosen] = useState(0);
  const frame = data.series[chosen] ?? data.series[0];
  if (frame === undefined || frame.fields.length === 0) {
    return <PanelDataErrorView panelId={id} data={data} fieldConfig={fieldConfig} />;
  }
  const several = data.series.length > 1;
  return (
    <>
      <Table
        data={frame}
        width={width}
        height={height - (several ? SELECT_HEIGHT : 0)}
        ariaLabel={getFrameDisplayName(frame)}
      />
      {several && (
        <Select
          aria-label="Frame"
          menuPlacement="top"
          options={data.series.map((one, value) => ({ value, label: getFrameDisplayName(one, value) }))}
          value={chosen}
          onChange={({ value }) => setChosen(value ?? 0)}
        />
      )}
    </>
  );
}

/** Field options that the table draws by. */
export const TABLE_OPTIONS = {
  width: undefined,
  minWidth: undefined,
  align: 'auto',
  cellOptions: { type: 'auto' },
  inspect: false,
  filterable: false,
} as const;

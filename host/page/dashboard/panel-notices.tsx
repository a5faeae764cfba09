import { sceneGraph, SceneObjectBase, VizPanel, type SceneComponentProps } from '@grafana/scenes';
import { Icon, Tooltip } from '@grafana/ui';
import React from 'react';

/** The corner of a panel's header where Grafana shows the notices of its frames. */
export class PanelNotices extends SceneObjectBase {
  static readonly Component = Notices;
}

function Notices({ model }: SceneComponentProps<PanelNotices>) {
  const panel = sceneGraph.getAncestor(model, VizPanel);
  const { data } = sceneGraph.getData(panel).useState();
  const texts = (data?.series ?? []).flatMap(({ meta }) => (meta?.notices ?? []).map(({ text }) => text));
  if (texts.length === 0) return null;
  return (
    <Tooltip content={texts.join(' ')}>
      <span role="status" aria-label={texts.join(' ')}>
        <Icon name="exclamation-triangle" />
      </span>
    </Tooltip>
  );
}

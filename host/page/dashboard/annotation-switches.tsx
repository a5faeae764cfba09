import {
  dataLayers,
  sceneGraph,
  SceneDataLayerSet,
  SceneObjectBase,
  type SceneComponentProps,
} from '@grafana/scenes';
import { InlineSwitch } from '@grafana/ui';
import React from 'react';

type Layer = dataLayers.AnnotationsDataLayer;

function LayerSwitch({ layer }: { readonly layer: Layer }) {
  const { name, isEnabled = true, isHidden = false, key = name } = layer.useState();
  if (isHidden) return null;
  return (
    <InlineSwitch
      id={key}
      showLabel
      label={name}
      value={isEnabled}
      onChange={() => layer.setState({ isEnabled: !isEnabled })}
    />
  );
}

const isAnnotations = (layer: unknown): layer is Layer => layer instanceof dataLayers.AnnotationsDataLayer;

/** Each kind of the dashboard's annotations on or off. */
export class AnnotationSwitches extends SceneObjectBase {
  static Component = ({ model }: SceneComponentProps<AnnotationSwitches>) =>
    sceneGraph
      .getDataLayers(model)
      .flatMap((set) => (set instanceof SceneDataLayerSet ? set.state.layers : [set]))
      .filter(isAnnotations)
      .map((layer) => <LayerSwitch key={layer.state.key} layer={layer} />);
}

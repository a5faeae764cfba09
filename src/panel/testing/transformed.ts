import {
  standardTransformers,
  standardTransformersRegistry,
  transformDataFrame,
  type DataFrame,
  type DataTransformerConfig,
  type TransformerRegistryItem,
} from '@grafana/data';
import { lastValueFrom } from 'rxjs';

/** Makes Grafana's own transformations known, as Grafana does when it starts. */
export function registerTransformers(): void {
  // Two names stand for some of them.
  const byId = new Map(Object.values(standardTransformers).map((one) => [one.id, one]));
  standardTransformersRegistry.setInit(() =>
    [...byId.values()].map(
      (transformer) =>
        ({
          id: transformer.id,
          name: transformer.name,
          transformation: () => Promise.resolve(transformer),
        }) as unknown as TransformerRegistryItem,
    ),
  );
}

/** The frames after transformations, each an id and its options. */
export const transformed = (
  frames: DataFrame[],
  ...configs: readonly DataTransformerConfig[]
): Promise<DataFrame[]> => lastValueFrom(transformDataFrame([...configs], frames));

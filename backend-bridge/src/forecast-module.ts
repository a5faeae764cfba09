/** The bridge's forecasts as the module that an evaluator replays series through: `create(meta)`. */
import { ReplayedSeries, type SetMeta } from './forecast/evaluation/replayed-series';

export function create(meta: SetMeta): ReplayedSeries {
  return new ReplayedSeries(meta);
}

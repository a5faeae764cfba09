import type { DataFrame, FieldConfig } from '@grafana/data';
import type { SavedOptions } from '../options/complete-options';
import type { CardModel } from '../reading/card-model';
import { readCards } from '../reading/cards';
import { wholeText } from '../reading/shown-value';
import { CONTEXT, optionsOf, withFieldOptions } from './frames';

export const RULES = { staleAfter: 2, rangeEnd: null };

/** The cards of frames, as a panel with these options reads them. */
export function cardsOf(
  frames: DataFrame[],
  cards: SavedOptions['cards'] = {},
  config: FieldConfig = {},
): readonly CardModel[] {
  return readCards(withFieldOptions(frames, config), optionsOf({ cards }).cards, RULES, CONTEXT).cards;
}

export const cardOf = (...args: Parameters<typeof cardsOf>): CardModel => {
  const [card] = cardsOf(...args);
  if (card === undefined) throw new Error('there is no card');
  return card;
};

export const statTexts = ({ stats }: CardModel) => stats.map(({ name, value }) => [name, wholeText(value)]);

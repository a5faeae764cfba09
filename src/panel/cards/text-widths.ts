import { measureText } from '@grafana/ui';
import type { CardModel, Delta, ShownValue, Stat } from '../reading/card-model';
import type { DeltaAs } from '../options/panel-options';
import { wholeText } from '../reading/shown-value';
import { deltaText } from './delta-text';
import type { TextWidths } from './card-layout';
import { statName } from './stat-name';

/** A unit is set smaller than its number. */
export const UNIT_SIZE = 0.6;
/** Of the sign for better or worse. */
export const JUDGEMENT_EMS = 1;
const VALUE_WEIGHT = 500;
/** A text longer than this (a mapping, say) is cut with dots rather than making every card's value small. */
const LONGEST_VALUE = 14;

/**
 * The widest texts of all cards. Every digit counts as a zero, and a value as wide as the least and greatest of its
 * range, and widths grow in steps: sizes stay as they are while numbers change.
 */
export function textWidths(cards: readonly CardModel[], deltaAs: DeltaAs): TextWidths {
  let value = 2;
  let delta = 6;
  let stats = 8;
  let target = 6;
  for (const card of cards) {
    value = Math.max(value, valueEms(card.value), ...card.stats.map((stat) => valueEms(stat.value)));
    delta = Math.max(delta, deltaEms(card.delta, deltaAs));
    stats = Math.max(stats, statsEms(card.stats));
    target = Math.max(target, card.target === null ? 0 : ems(card.target.text) + 7);
  }
  return {
    value: Math.min(LONGEST_VALUE, Math.ceil(value * 2) / 2),
    delta: Math.ceil(delta),
    stats: Math.ceil(stats),
    target: Math.ceil(target),
  };
}

/** With its arrow and its sign. */
const deltaEms = (delta: Delta | null, as: DeltaAs): number =>
  delta === null ? 0 : ems(deltaText(delta, as)) + 2 + (delta.judged ? JUDGEMENT_EMS : 0);

/** Between a name and its value, and between two statistics. */
const SPACE_EMS = 0.3;
const GAP_EMS = 1;

const statsEms = (stats: readonly Stat[]): number =>
  stats.reduce(
    (sum, { name, value }) => sum + ems(statName(name)) + SPACE_EMS + ems(wholeText(value)) + GAP_EMS,
    -GAP_EMS,
  );

const valueEms = ({ prefix, text, suffix }: ShownValue): number =>
  ems(prefix + text) + UNIT_SIZE * ems(suffix);

/**
 * A measured text, in multiples of its font size, with a little room for other fonts' digits. Never less than its
 * characters take in Grafana's own font: before that is loaded another one is measured, which may be narrower.
 */
export function ems(text: string): number {
  if (text === '') return 0;
  const measured = (measureText(text.replace(/\d/g, '0'), 100, VALUE_WEIGHT).width / 100) * 1.06;
  return Math.max(measured, leastEms(text));
}

/** In Inter, of equally wide digits; letters as the narrower ones are. */
const DIGIT_EMS = 0.66;
const LETTER_EMS = 0.6;
const POINT_EMS = 0.3;

function leastEms(text: string): number {
  let sum = 0;
  for (const character of text) {
    if (/\d/.test(character)) sum += DIGIT_EMS;
    else sum += /[\p{L}$€£%+-]/u.test(character) ? LETTER_EMS : POINT_EMS;
  }
  return sum;
}

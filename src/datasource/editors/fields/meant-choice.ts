import { t } from '../../../locales/translate';
import { holdsVariable } from './template-variables';

interface Named {
  readonly value: string;
  readonly label?: string | undefined;
}

/** Shown beside the text in the list, by versions of Grafana that take it. */
export const nameHint = (): string => t('fields.name-hint', 'Enter takes the first name that contains this');

/**
 * The choices with the chosen one first: while the user types, Combobox highlights the position that the chosen one has
 * in the whole list, and Enter then takes whatever has come there, or nothing.
 */
export function chosenFirst<Choice extends Named>(
  choices: readonly Choice[],
  chosen: string | null,
): Choice[] {
  const [own, others] = [
    choices.filter(({ value }) => value === chosen),
    choices.filter(({ value }) => value !== chosen),
  ];
  return [...own, ...others];
}

/** The choice whose label was typed; otherwise the text itself. */
export function calledChoice(typed: string, choices: readonly Named[]): string {
  if (choices.some(({ value }) => value === typed)) return typed;
  const called = choices.find(({ label }) => label?.toLowerCase() === typed.toLowerCase());
  return called?.value ?? typed;
}

/**
 * The value meant by a typed text and Enter. Grafana's Combobox puts the text itself before the choices
 * that match it, so that part of a name would be taken for a whole one. A text that is in no name, and one with a
 * template variable, is meant as it is.
 */
export function meantChoice(typed: string, choices: readonly Named[]): string {
  if (typed === '' || holdsVariable(typed) || choices.some(({ value }) => value === typed)) {
    return typed;
  }
  const words = typed.toLowerCase().split(/\s+/);
  const ranked = choices.flatMap(({ value, label = value }) => {
    const names = [value.toLowerCase(), label.toLowerCase()];
    const matches = words.every((word) => names.some((name) => name.includes(word)));
    const [first = ''] = words;
    return matches ? [{ value, begins: names.some((name) => name.startsWith(first)) }] : [];
  });
  return (ranked.find(({ begins }) => begins) ?? ranked[0])?.value ?? typed;
}

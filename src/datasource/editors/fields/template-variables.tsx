import React, { createContext, useContext, useMemo, type ReactNode } from 'react';
import { getTemplateSrv } from '@grafana/runtime';

const Names = createContext<readonly string[]>([]);

/** Offers the dashboard's template variables in the fields inside, where there are any to be filled in. */
export function TemplateVariables({ offered, children }: { offered: boolean; children: ReactNode }) {
  const names = useMemo(
    () =>
      offered
        ? getTemplateSrv()
            .getVariables()
            .map((variable) => `$${variable.name}`)
        : [],
    [offered],
  );
  return <Names.Provider value={names}>{children}</Names.Provider>;
}

/** As they are written in a query: `$segment`. */
export const useVariableNames = (): readonly string[] => useContext(Names);

/** The text is only known once the dashboard's variables are filled in. */
export const holdsVariable = (text: string): boolean => getTemplateSrv().containsTemplate(text);

/** The text with the variables' present values. */
export const withVariablesFilledIn = (text: string): string =>
  holdsVariable(text) ? getTemplateSrv().replace(text) : text;

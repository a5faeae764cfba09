import React, { useEffect, useRef, useState } from 'react';
import { Button } from '@grafana/ui';
import { t } from '../../../locales/translate';
import type { Backtest } from '../../backtest';
import type { StreamKpiQuery } from '../../query';
import { Note } from '../fields/Note';

interface BacktestPreviewProps {
  readonly query: StreamKpiQuery;
  /** Rejects with an Error whose message is a sentence. */
  readonly backtest: (query: StreamKpiQuery) => Promise<Backtest>;
}

type Outcome =
  | { readonly state: 'none' | 'running' }
  | { readonly state: 'done'; readonly text: string }
  | { readonly state: 'failed'; readonly text: string };

/** Says on request how often a rule on this query would have fired. */
export function BacktestPreview({ query, backtest }: BacktestPreviewProps) {
  const [outcome, setOutcome] = useState<Outcome>({ state: 'none' });
  const asked = useRef(0);
  // What was found out of another query says nothing of this one.
  useEffect(() => {
    asked.current += 1;
    setOutcome({ state: 'none' });
  }, [query]);
  const run = (): void => {
    const own = (asked.current += 1);
    setOutcome({ state: 'running' });
    const show = (found: Outcome): void => {
      if (asked.current === own) setOutcome(found);
    };
    backtest(query).then(
      (found) => show({ state: 'done', text: sentenceOf(found) }),
      (fault: unknown) =>
        show({ state: 'failed', text: fault instanceof Error ? fault.message : String(fault) }),
    );
  };
  return (
    <div>
      <Button size="sm" variant="secondary" disabled={outcome.state === 'running'} onClick={run}>
        {t('backtest.run', 'Run backtest')}
      </Button>
      <div role="status">
        <Note>
          {outcome.state === 'none' &&
            t('backtest.hint', 'How often would a rule that fires on this score have fired lately?')}
          {outcome.state === 'running' && t('fields.loading', 'Loading …')}
          {outcome.state === 'failed' &&
            t('backtest.failed', 'The backtest failed: {{reason}}', { reason: outcome.text })}
          {outcome.state === 'done' && outcome.text}
        </Note>
      </div>
    </div>
  );
}

function sentenceOf({ days, series, alarms, coverage }: Backtest): string {
  if (coverage === undefined) {
    return t(
      'backtest.learning',
      'No step of the last {{days}} days has a band yet: a series needs two days of history, or two weeks for the season Week.',
      { days },
    );
  }
  const fired = t('backtest.fired', '', {
    count: alarms,
    days,
    coverage: Math.round(coverage * 1_000) / 10,
    defaultValue_one:
      'Would have fired once in the last {{days}} days; {{coverage, number}} % of the steps were inside the band.',
    defaultValue_other:
      'Would have fired {{count, number}} times in the last {{days}} days; {{coverage, number}} % of the steps were inside the band.',
  });
  if (series <= 1) return fired;
  return t('backtest.several', '{{series, number}} series together: {{sentence}}', {
    series,
    sentence: fired,
  });
}

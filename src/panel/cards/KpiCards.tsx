import React, { memo, useMemo } from 'react';
import type { TimeZone } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { t } from '../../locales/translate';
import type { CardOptions } from '../options/panel-options';
import type { CardModel } from '../reading/card-model';
import type { CardsReading } from '../reading/cards';
import { Hint } from '../states/Hint';
import { ScrollArea } from '../states/ScrollArea';
import { cardGrid } from './card-grid';
import { cardLayout, type CardParts } from './card-layout';
import { getCardStyles } from './card-styles';
import { KpiCard } from './KpiCard';
import { textWidths } from './text-widths';

export interface KpiCardsProps extends CardsReading {
  readonly options: Pick<CardOptions, 'columns' | 'colorMode' | 'delta' | 'deltaAs' | 'updated'>;
  readonly width: number;
  readonly height: number;
  readonly timeZone: TimeZone;
}

/** Cards in a grid that makes the best of the space; all of them laid out alike. */
export const KpiCards = memo(function KpiCards(props: KpiCardsProps) {
  const { cards, more, fed, options, width, height, timeZone } = props;
  const styles = useStyles2(getCardStyles);
  const moreHeight = more > 0 && height >= 100 ? 20 : 0;
  const grid = useMemo(
    () => cardGrid(width, height - moreHeight, cards.length, options.columns),
    [width, height, moreHeight, cards.length, options.columns],
  );
  const parts = partsOf(cards, options);
  const texts = textWidths(cards, options.deltaAs);
  const layout = useStable(cardLayout(grid.cardWidth, grid.cardHeight, parts, texts));
  const moreText = t('cards.more', '', {
    count: more,
    defaultValue_one: '{{count, number}} more not shown: raise the limit of cards, or filter.',
    defaultValue_other: '{{count, number}} more not shown: raise the limit of cards, or filter.',
  });
  if (cards.length === 0) return <Hint width={width} height={height} {...(fed ? noValues() : noQuery())} />;
  const list = (
    <ul
      className={styles.grid}
      style={{
        gap: grid.gap,
        gridTemplateColumns: `repeat(${grid.columns}, minmax(0, ${grid.cardWidth}px))`,
        gridAutoRows: grid.cardHeight,
      }}
      aria-label={t('cards.label', 'KPI cards')}
    >
      {cards.map((card) => (
        <li key={card.key} style={{ minWidth: 0 }}>
          <KpiCard
            card={card}
            layout={layout}
            width={grid.cardWidth}
            colorMode={options.colorMode}
            deltaAs={options.deltaAs}
            timeZone={timeZone}
          />
        </li>
      ))}
    </ul>
  );
  return (
    <>
      {grid.scrolls ? (
        <ScrollArea
          label={t('cards.scrolling', 'KPI cards, scrolling')}
          className={styles.scroll}
          style={{ height: height - moreHeight }}
        >
          {list}
        </ScrollArea>
      ) : (
        list
      )}
      {moreHeight > 0 && (
        <div className={styles.more} title={moreText}>
          {moreText}
        </div>
      )}
    </>
  );
});

const noQuery = () => ({
  title: t('cards.no-query.title', 'No cards query'),
  text: t(
    'cards.no-query.text',
    'Add a StreamKPI query of type KPI summary or Series, or choose in the options which query feeds the cards.',
  ),
});
const noValues = () => ({
  title: t('cards.no-values.title', 'No values'),
  text: t(
    'cards.no-values.text',
    'The queries returned no number for this time range. Widen the range, or check the filters.',
  ),
});

/** A part that any card has takes its place in all of them, so that cards line up and stay as they are. */
function partsOf(cards: readonly CardModel[], options: KpiCardsProps['options']): CardParts {
  return {
    delta: options.delta !== 'none' && cards.some(({ delta }) => delta !== null),
    trend: cards.some(({ trend }) => trend !== null),
    updated: options.updated && cards.some(({ updated }) => updated !== null),
    stats: cards.some(({ stats }) => stats.length > 0),
    target: cards.some(({ target }) => target !== null),
  };
}

/** The same object as long as its entries are the same, so that cards see no change. */
function useStable<T extends object>(value: T): T {
  // Every field decides; an object made of them is new only when one changes.
  const key = JSON.stringify(value);
  // eslint-disable-next-line react-hooks/exhaustive-deps
  return useMemo(() => value, [key]);
}

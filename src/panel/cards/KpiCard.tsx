import React, { memo, useId } from 'react';
import type { TimeZone } from '@grafana/data';
import { useStyles2, useTheme2 } from '@grafana/ui';
import { t } from '../../locales/translate';
import { Age } from '../clock/Age';
import { useOverdue } from '../clock/use-ticked';
import type { ColorMode, DeltaAs } from '../options/panel-options';
import type { CardModel, ShownValue, Updated } from '../reading/card-model';
import { wholeText } from '../reading/shown-value';
import { VALUE_LINE, type CardLayout } from './card-layout';
import { getCardStyles } from './card-styles';
import { CardMarks } from './CardMarks';
import { CardTitle } from './CardTitle';
import { DeltaMark } from './DeltaMark';
import { readableColor, textOn } from './readable-color';
import { Sparkline } from './Sparkline';
import { statName } from './stat-name';
import { TargetBar } from './TargetBar';
import { palette } from '../theme-palette';

export interface KpiCardProps {
  readonly card: CardModel;
  readonly layout: CardLayout;
  /** Inner width of the card's rectangle, px. */
  readonly width: number;
  readonly colorMode: ColorMode;
  readonly deltaAs: DeltaAs;
  readonly timeZone: TimeZone;
}

/** One number and what belongs to it, as much as its size has room for. */
export const KpiCard = memo(function KpiCard(props: KpiCardProps) {
  const { card, layout, colorMode, timeZone } = props;
  const styles = useStyles2(getCardStyles);
  const colors = palette(useTheme2());
  const id = useId();
  const old = useOverdue(card.staleFrom);
  const painted = colorMode === 'background' && !old ? card.value.color : undefined;
  const onPainted = painted === undefined ? undefined : textOn(painted);
  const isPainted = onPainted !== undefined;
  const valueColor = isPainted
    ? onPainted
    : old || card.value.missing
      ? colors.text.secondary
      : colorMode === 'none' || card.value.color === undefined
        ? colors.text.primary
        : readableColor(card.value.color, colors.background.secondary);
  const classes = [styles.card, layout.kind === 'line' ? styles.line : '', isPainted ? styles.inherits : ''];
  const small = { fontSize: layout.smallSize };
  const delta = <DeltaMark card={card} as={props.deltaAs} size={layout.smallSize} />;
  return (
    <article
      className={classes.filter((name) => name !== '').join(' ')}
      style={{ padding: layout.padding, ...(isPainted ? { background: painted, color: onPainted } : {}) }}
      aria-labelledby={layout.titleSize > 0 ? id : undefined}
      aria-label={layout.titleSize > 0 ? undefined : `${card.title} ${card.subtitle}`.trim()}
    >
      {layout.titleSize > 0 && (
        <div className={styles.head} style={{ fontSize: layout.titleSize }}>
          <CardTitle card={card} id={id} />
          <CardMarks card={card} old={old} words={layout.markWords} />
        </div>
      )}
      <div className={styles.valueRow} style={small}>
        <div
          className={styles.value}
          style={{ ...valueLine(card.value, layout), color: valueColor }}
          title={wholeText(card.value)}
          data-testid="streamkpi-value"
        >
          {card.value.prefix !== '' && <span className={styles.unit}>{card.value.prefix}</span>}
          {card.value.text}
          {card.value.suffix !== '' && <span className={styles.unit}>{card.value.suffix}</span>}
        </div>
        {layout.delta === 'beside' && delta}
      </div>
      {layout.delta === 'below' && delta}
      {layout.trendHeight > 0 && <CardTrend {...props} color={valueColor} />}
      {layout.updated && (
        <div className={styles.small} style={small}>
          {card.updated === null ? (
            BLANK
          ) : (
            <UpdatedLine card={card} layout={layout} timeZone={timeZone} width={props.width} />
          )}
        </div>
      )}
      {layout.stats && <StatsLine card={card} size={layout.smallSize} />}
      {layout.target && <TargetBar target={card.target} size={layout.smallSize} plain={isPainted} />}
    </article>
  );
});

/** "No data" is smaller than a value, on a line as high as the values beside it. */
function valueLine(value: ShownValue, { valueSize, titleSize }: CardLayout): React.CSSProperties {
  if (!value.missing) return { fontSize: valueSize };
  return {
    fontSize: Math.min(valueSize, Math.max(SMALLEST_TEXT, Math.round(titleSize * 1.25))),
    lineHeight: `${Math.ceil(valueSize * VALUE_LINE)}px`,
  };
}

const SMALLEST_TEXT = 12;
/** Keeps a line's height. */
const BLANK = '\u00a0';

function CardTrend({ card, layout, width, color }: KpiCardProps & { readonly color: string }) {
  if (card.trend === null) return <div style={{ height: layout.trendHeight, flex: 'none' }} />;
  const label = t('cards.trend', '', {
    title: `${card.title} ${card.subtitle}`.trim(),
    count: card.trend.times.length,
    defaultValue_one: 'Trend of {{title}}, {{count, number}} point',
    defaultValue_other: 'Trend of {{title}}, {{count, number}} points',
  });
  return (
    <Sparkline
      trend={card.trend}
      width={Math.max(1, width - 2 * layout.padding)}
      height={layout.trendHeight}
      color={color}
      label={label}
    />
  );
}

function UpdatedLine({
  card,
  layout,
  timeZone,
  width,
}: Pick<KpiCardProps, 'card' | 'layout' | 'timeZone' | 'width'>) {
  if (card.updated === null) return null;
  const hasWord = width - 2 * layout.padding >= layout.smallSize * 13;
  return (
    <>
      {hasWord && `${t('cards.updated', 'Updated')} `}
      <Age at={card.updated.at} timeZone={timeZone} says={updatedWord(card.updated.says)} />
    </>
  );
}

function StatsLine({ card, size }: { readonly card: CardModel; readonly size: number }) {
  const styles = useStyles2(getCardStyles);
  return (
    <div className={`${styles.small} ${styles.stats}`} style={{ fontSize: size, minHeight: '1.4em' }}>
      {card.stats.map((stat) => (
        <span key={stat.name}>
          {statName(stat.name)} {wholeText(stat.value)}
        </span>
      ))}
    </div>
  );
}

const updatedWord = (says: Updated['says']): string =>
  ({
    'Last change': t('cards.updated-at.change', 'Last change'),
    'Window ended': t('cards.updated-at.window', 'Window ended'),
    'Data until': t('cards.updated-at.until', 'Data until'),
    Point: t('cards.updated-at.point', 'Point'),
  })[says];

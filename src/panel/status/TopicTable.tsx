import React, { useCallback } from 'react';
import { dateTimeFormat, type TimeZone } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { formatNumber, t } from '../../locales/translate';
import { lengthText } from '../clock/age-text';
import { useTicked } from '../clock/use-ticked';
import type { TopicModel } from '../reading/system-status';
import { ScrollArea } from '../states/ScrollArea';
import { getStatusStyles } from './status-styles';

interface TopicTableProps {
  readonly topics: readonly TopicModel[];
  readonly timeZone: TimeZone;
  /** With topic, state and dead letters. */
  readonly wide: boolean;
}

/** Freshness and lag of each metric. */
export function TopicTable({ topics, timeZone, wide }: TopicTableProps) {
  const styles = useStyles2(getStatusStyles);
  return (
    <div className={styles.topics}>
      <ScrollArea className={styles.wholeRows} label={t('status.topics.label', 'Metrics: freshness and lag')}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('status.topics.metric', 'Metric')}</th>
              {wide && <th scope="col">{t('status.topics.topic', 'Topic')}</th>}
              {wide && <th scope="col">{t('status.topics.state', 'State')}</th>}
              <th scope="col" className={styles.number}>
                {t('status.topics.behind', 'Behind')}
              </th>
              <th scope="col" className={styles.number}>
                {t('status.topics.lag', 'Lag')}
              </th>
              {wide && (
                <th scope="col" className={styles.number}>
                  {t('status.topics.dead-letters', 'Dead letters')}
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {topics.map((topic) => (
              <tr key={`${topic.metric}|${topic.topic}`}>
                <th
                  scope="row"
                  className={wide ? styles.metric : styles.long}
                  title={[topic.metric, topic.topic, topic.reason].filter((part) => part !== '').join(', ')}
                >
                  {topic.metric}
                </th>
                {wide && (
                  <td className={styles.long} title={topic.topic}>
                    {topic.topic}
                  </td>
                )}
                {wide && <td title={topic.reason}>{topicState(topic.state)}</td>}
                <td className={styles.number}>
                  <Behind watermark={topic.watermark} timeZone={timeZone} />
                </td>
                <td className={styles.number}>{figure(topic.lag)}</td>
                {wide && (
                  <td className={styles.number} title={topic.lastDeadLetter || undefined}>
                    {figure(topic.deadLetters)}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollArea>
    </div>
  );
}

const topicState = (state: string): string =>
  ({
    reading: t('status.topics.reading', 'reading'),
    missing: t('status.topics.missing', 'missing'),
    paused: t('status.topics.paused', 'paused'),
    waiting: t('status.topics.waiting', 'waiting'),
  })[state] ?? state;

const figure = (value: number | null): string => (value === null ? '–' : formatNumber(value));

/** How far the newest event time that was read is behind the clock. */
function Behind({ watermark, timeZone }: { readonly watermark: number | null; readonly timeZone: TimeZone }) {
  const text = useTicked(
    useCallback(
      (now: number) =>
        watermark === null ? t('status.topics.no-data', 'no data') : lengthText(now - watermark),
      [watermark],
    ),
  );
  return (
    <span
      title={
        watermark === null
          ? undefined
          : t('status.topics.read-to', 'Read up to {{time}}', {
              time: dateTimeFormat(watermark, { timeZone }),
            })
      }
    >
      {text}
    </span>
  );
}

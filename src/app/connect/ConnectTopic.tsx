import React, { useState } from 'react';
import { css } from '@emotion/css';
import { OrgRole, type GrafanaTheme2 } from '@grafana/data';
import { config, getDataSourceSrv } from '@grafana/runtime';
import { Alert, Button, ClipboardButton, Field, Input, Select, TextArea, useStyles2 } from '@grafana/ui';
import { DATA_SOURCE_ID } from '../../frames/plugin-ids';
import { t } from '../../locales/translate';
import { palette } from '../../panel/theme-palette';
import { inspectTopic, type Inspection } from './inspecting';
import { Outcome } from './Outcome';
import { usePreview } from './use-preview';

const ROWS = 24;

/** From a topic's name to the text of its mapping: the bridge looks at the topic and proposes one, which is tried while it is edited. */
export function ConnectTopic() {
  const sources = getDataSourceSrv().getList({ pluginId: DATA_SOURCE_ID });
  if (config.bootData.user.orgRole !== OrgRole.Admin) {
    return <p>{t('app.connect.may-not', 'Only a Grafana administrator can look at topics.')}</p>;
  }
  if (sources.length === 0) {
    return (
      <p>
        {t(
          'app.connect.no-source',
          'Add a StreamKPI data source first: its bridge reads the topic. Its token needs the scope admin.',
        )}
      </p>
    );
  }
  return <Connect sources={sources.map(({ uid, name }) => ({ value: uid, label: name }))} />;
}

interface Source {
  readonly value: string;
  readonly label: string;
}

function Connect({ sources }: { readonly sources: readonly Source[] }) {
  const styles = useStyles2(getStyles);
  const [uid, setUid] = useState(sources[0]!.value);
  const [topic, setTopic] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const [inspection, setInspection] = useState<Inspection | null>(null);
  const [mapping, setMapping] = useState('');

  const inspect = (): void => {
    setBusy(true);
    setFault('');
    inspectTopic(uid, topic.trim())
      .then((found) => {
        setInspection(found);
        setMapping(found.mapping);
      })
      .catch((reason: unknown) => {
        setInspection(null);
        setMapping('');
        setFault((reason as Error).message);
      })
      .finally(() => setBusy(false));
  };

  return (
    <div className={styles.page}>
      <form
        className={styles.asking}
        onSubmit={(event) => {
          event.preventDefault();
          inspect();
        }}
      >
        {sources.length > 1 && (
          <Field label={t('app.connect.source', 'Data source')}>
            <Select
              inputId="connect-source"
              options={[...sources]}
              value={uid}
              onChange={({ value }) => setUid(value ?? uid)}
            />
          </Field>
        )}
        <Field
          label={t('app.connect.topic', 'Topic')}
          description={t(
            'app.connect.topic-about',
            'A topic with one record per window and series, as ksqlDB, Kafka Streams and Flink write it.',
          )}
        >
          <Input
            id="connect-topic"
            value={topic}
            placeholder={t('app.connect.topic-example', 'orders-by-shop')}
            onChange={(event) => setTopic(event.currentTarget.value)}
          />
        </Field>
        <Button type="submit" icon="search" disabled={isBusy || topic.trim() === ''}>
          {isBusy ? t('app.connect.inspecting', 'Inspecting…') : t('app.connect.inspect', 'Inspect')}
        </Button>
      </form>
      {fault !== '' && (
        <Alert severity="error" title={t('app.connect.not-inspected', 'No mapping can be proposed')}>
          {fault}
        </Alert>
      )}
      {inspection !== null && (
        <>
          <Records inspection={inspection} />
          <Doubts doubts={inspection.doubts} />
          <Mapping uid={uid} mapping={mapping} onChange={setMapping} />
        </>
      )}
    </div>
  );
}

const NONE = '–';

const timeText = (ms: number): string => (ms < 0 ? NONE : new Date(ms).toISOString());

function Records({
  inspection: { records, partitions, records_read: read },
}: {
  readonly inspection: Inspection;
}) {
  const styles = useStyles2(getStyles);
  return (
    <section>
      <h2>{t('app.connect.newest', 'Newest records')}</h2>
      <p className={styles.quiet}>
        {t('app.connect.read', '{{read, number}} records of {{partitions, number}} partitions were read.', {
          read,
          partitions,
        })}
      </p>
      <table className={styles.table}>
        <thead>
          <tr>
            <th>{t('app.connect.key', 'Key')}</th>
            <th>{t('app.connect.value', 'Value')}</th>
            <th>{t('app.connect.timestamp', 'Timestamp')}</th>
          </tr>
        </thead>
        <tbody>
          {records.map(({ partition, offset, key, value, timestamp_ms: at }) => (
            <tr key={`${partition}/${offset}`}>
              <td>{key ?? NONE}</td>
              <td>{value ?? t('app.connect.tombstone', 'tombstone')}</td>
              <td>{timeText(at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Doubts({ doubts }: { readonly doubts: readonly string[] }) {
  return (
    <Alert severity="info" title={t('app.connect.doubts', 'What the records do not show')}>
      <ul>
        {doubts.map((doubt) => (
          <li key={doubt}>{doubt}</li>
        ))}
      </ul>
    </Alert>
  );
}

interface MappingProps {
  readonly uid: string;
  readonly mapping: string;
  readonly onChange: (mapping: string) => void;
}

function Mapping({ uid, mapping, onChange }: MappingProps) {
  const styles = useStyles2(getStyles);
  const { check, fault } = usePreview(uid, mapping);
  return (
    <>
      <section>
        <h2>{t('app.connect.preview', 'Preview')}</h2>
        <p className={styles.quiet}>
          {t('app.connect.preview-about', 'What the newest hundred records become by the mapping below.')}
        </p>
        {fault !== '' && (
          <Alert severity="error" title={t('app.connect.not-checked', 'The mapping could not be checked')}>
            {fault}
          </Alert>
        )}
        {check !== null && check.faults.length > 0 && (
          <Alert severity="error" title={t('app.connect.faults', 'The mapping has faults')}>
            <ul>
              {check.faults.map((one) => (
                <li key={one}>{one}</li>
              ))}
            </ul>
          </Alert>
        )}
        {check?.outcomes.map((outcome) => (
          <Outcome key={outcome.metric} outcome={outcome} />
        ))}
      </section>
      <section>
        <h2>{t('app.connect.mapping', 'Mapping')}</h2>
        <Field
          label={t('app.connect.file', 'Metrics file')}
          description={t(
            'app.connect.file-about',
            'Copy it into the METRICS_FILE of the bridge. Comments that begin with # ? ask you to look.',
          )}
        >
          <TextArea
            id="connect-mapping"
            className={styles.code}
            rows={ROWS}
            spellCheck={false}
            value={mapping}
            onChange={(event) => onChange(event.currentTarget.value)}
          />
        </Field>
        <ClipboardButton icon="copy" getText={() => mapping}>
          {t('app.connect.copy', 'Copy')}
        </ClipboardButton>
      </section>
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(3), maxWidth: 1000 }),
  asking: css({ maxWidth: 500 }),
  quiet: css({ color: palette(theme).text.secondary }),
  table: css({
    width: '100%',
    // Shares of the width, as else a long value leaves a letter's width to the key of a phone's page.
    tableLayout: 'fixed',
    '& th:first-of-type': { width: '30%' },
    '& th:last-of-type': { width: '25%' },
    fontFamily: theme.typography.fontFamilyMonospace,
    fontSize: theme.typography.bodySmall.fontSize,
    '& th, & td': {
      padding: theme.spacing(0.5, 2, 0.5, 0),
      textAlign: 'left',
      verticalAlign: 'top',
      overflowWrap: 'anywhere',
      borderBottom: `1px solid ${palette(theme).border.weak}`,
    },
  }),
  code: css({ fontFamily: theme.typography.fontFamilyMonospace, whiteSpace: 'pre', overflowX: 'auto' }),
});

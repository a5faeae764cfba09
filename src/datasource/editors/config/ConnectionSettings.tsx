import React from 'react';
import { ConfigSection } from '@grafana/plugin-ui';
import { Field, Input } from '@grafana/ui';
import { t } from '../../../locales/translate';
import { FIELD_WIDTH } from './field-width';
import { withOption, type SettingsSectionProps } from './settings-changes';

/** Where the bridge is, and how long its answers may take. */
export function ConnectionSettings(props: SettingsSectionProps) {
  const { settings, readOnly, onChange, idOf } = props;
  const addressFault = faultOfAddress(settings.url);
  const timeout = settings.jsonData.timeout;
  const timeoutFault = faultOfTimeout(timeout);
  return (
    <ConfigSection title={t('settings.connection.title', 'Connection')}>
      <Field
        label={t('settings.url.label', 'URL')}
        description={t(
          'settings.url.description',
          'Address of the StreamKPI bridge, as the Grafana server reaches it. The browser never connects to it.',
        )}
        htmlFor={idOf('url')}
        required
        disabled={readOnly}
        invalid={addressFault !== undefined}
        {...(addressFault === undefined ? {} : { error: addressFault })}
      >
        <Input
          id={idOf('url')}
          {...FIELD_WIDTH}
          placeholder={EXAMPLE_URL}
          value={settings.url}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => onChange({ ...settings, url: event.currentTarget.value })}
        />
      </Field>
      <Field
        label={t('settings.timeout.label', 'Timeout')}
        description={t(
          'settings.timeout.description',
          'HTTP request timeout in seconds, from 1 to {{longest}}; default 30.',
          { longest: LONGEST_SECONDS },
        )}
        htmlFor={idOf('timeout')}
        disabled={readOnly}
        invalid={timeoutFault !== undefined}
        {...(timeoutFault === undefined ? {} : { error: timeoutFault })}
      >
        <Input
          id={idOf('timeout')}
          type="number"
          width={16}
          min={1}
          max={LONGEST_SECONDS}
          placeholder={String(DEFAULT_SECONDS)}
          suffix="s"
          value={timeout ?? ''}
          onChange={(event) => {
            const text = event.currentTarget.value;
            onChange(withOption(settings, 'timeout', text === '' ? undefined : Number(text)));
          }}
        />
      </Field>
    </ConfigSection>
  );
}

const EXAMPLE_URL = 'http://127.0.0.1:8765';
const DEFAULT_SECONDS = 30;
const LONGEST_SECONDS = 600;

const faultOfTimeout = (seconds: number | undefined): string | undefined =>
  seconds === undefined || (seconds >= 1 && seconds <= LONGEST_SECONDS)
    ? undefined
    : t('settings.timeout.invalid', 'Enter a number of seconds from 1 to {{longest}}.', {
        longest: LONGEST_SECONDS,
      });

/** What the backend would refuse, said while it is typed; an empty address is not wrong yet. */
function faultOfAddress(address: string): string | undefined {
  const text = address.trim();
  if (text === '') return undefined;
  if (!/^(https?|wss?):\/\//i.test(text))
    return t('settings.url.no-scheme', 'Start the URL with http:// or https://, for example {{example}}.', {
      example: EXAMPLE_URL,
    });
  const parsed = parse(text);
  if (parsed === undefined)
    return t('settings.url.invalid', 'This is not a valid URL. Enter one such as {{example}}.', {
      example: EXAMPLE_URL,
    });
  return parsed.username === ''
    ? undefined
    : t('settings.url.user', 'Remove the user name from the URL: the bridge authenticates by token, below.');
}

function parse(address: string): URL | undefined {
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
}

import React from 'react';
import { Field, FieldSet, Input } from '@grafana/ui';
import { SecretField } from './SecretField';
import { withOption, type SettingsSectionProps } from './settings-changes';

/** Where the bridge is, and what it asks to let this data source in. */
export function ConnectionSettings(props: SettingsSectionProps) {
  const { settings, readOnly, onChange, idOf } = props;
  const addressFault = faultOfAddress(settings.url);
  const timeout = settings.jsonData.timeout;
  const timeoutFault = faultOfTimeout(timeout);
  return (
    <>
      <FieldSet label="Connection">
        <Field
          label="URL"
          description="Address of the StreamKPI bridge, as the Grafana server reaches it. The browser never connects to it."
          htmlFor={idOf('url')}
          required
          disabled={readOnly}
          invalid={addressFault !== undefined}
          {...(addressFault === undefined ? {} : { error: addressFault })}
        >
          <Input
            id={idOf('url')}
            width={60}
            placeholder="http://127.0.0.1:8765"
            value={settings.url}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => onChange({ ...settings, url: event.currentTarget.value })}
          />
        </Field>
        <Field
          label="Timeout"
          description="Seconds until an unanswered call is given up, from 1 to 600. Empty: 30."
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
            placeholder="30"
            suffix="s"
            value={timeout ?? ''}
            onChange={(event) => {
              const text = event.currentTarget.value;
              onChange(withOption(settings, 'timeout', text === '' ? undefined : Number(text)));
            }}
          />
        </Field>
      </FieldSet>
      <FieldSet label="Authentication">
        <SecretField
          {...props}
          name="token"
          label="Token"
          description="A token with the scopes read and observe, from the bridge's tokens file, without the word Bearer. Leave it empty for a bridge without tokens."
          placeholder="Token of the bridge"
        />
      </FieldSet>
    </>
  );
}

const LONGEST_SECONDS = 600;

const faultOfTimeout = (seconds: number | undefined): string | undefined =>
  seconds === undefined || (seconds >= 1 && seconds <= LONGEST_SECONDS)
    ? undefined
    : `Enter seconds, from 1 to ${LONGEST_SECONDS}.`;

/** What the backend would refuse, said while it is typed; an empty address is not wrong yet. */
function faultOfAddress(address: string): string | undefined {
  const text = address.trim();
  if (text === '') return undefined;
  if (!/^(https?|wss?):\/\//i.test(text))
    return 'Begin it with http:// or https://, e.g. http://127.0.0.1:8765.';
  const parsed = parse(text);
  if (parsed === undefined) return 'This is no complete address. Write it like http://127.0.0.1:8765.';
  return parsed.username === '' ? undefined : 'Remove the user name: the bridge takes a token, below.';
}

function parse(address: string): URL | undefined {
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
}

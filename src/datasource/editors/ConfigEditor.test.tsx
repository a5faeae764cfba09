import React, { useState } from 'react';
import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { config } from '@grafana/runtime';
import { ConfigEditor } from './ConfigEditor';
import type { Settings } from './config/settings-changes';

const NEW = {
  id: 1,
  uid: 'uid',
  orgId: 1,
  name: 'StreamKPI',
  type: 'streamkpi-realtime-datasource',
  typeName: 'StreamKPI',
  typeLogoUrl: '',
  access: 'proxy',
  url: '',
  user: '',
  database: '',
  basicAuth: false,
  basicAuthUser: '',
  isDefault: false,
  jsonData: {},
  secureJsonFields: {},
  readOnly: false,
  withCredentials: false,
} as Settings;

let saved: Settings;
function show(changes: Partial<Settings> = {}) {
  saved = { ...NEW, ...changes };
  function Page() {
    const [options, setOptions] = useState(saved);
    const onOptionsChange = (next: Settings): void => {
      saved = next;
      setOptions(next);
    };
    return <ConfigEditor options={options} onOptionsChange={onOptionsChange} />;
  }
  render(<Page />);
  return userEvent.setup();
}
const field = (label: string | RegExp) => screen.getByLabelText(label);
const secret = (name: string) => within(screen.getByRole('group', { name }));
afterEach(() => (config.secureSocksDSProxyEnabled = false));

test('address, time limit and token are saved where the backend reads them', async () => {
  const user = show();
  await user.type(field(/^URL/), 'http://bridge:8765');
  await user.type(field(/^Timeout/), '60');
  await user.type(secret('Token').getByLabelText(/^Token/), 'secret');
  expect(saved).toMatchObject({
    url: 'http://bridge:8765',
    jsonData: { timeout: 60 },
    secureJsonData: { token: 'secret' },
  });
  await user.clear(field(/^Timeout/));
  expect(saved.jsonData).not.toHaveProperty('timeout');
});

test('no input is wider than a narrow page', () => {
  show({ jsonData: { tlsAuthWithCACert: true } });
  for (const input of [field(/^URL/), secret('Token').getByLabelText(/^Token/), field(/^Server name/)])
    expect(input.closest('[data-testid="input-wrapper"]')).toHaveStyle({ maxWidth: '100%' });
});

test('the page is worked without a mouse, from top to bottom', async () => {
  const user = show();
  await user.tab();
  expect(field(/^URL/)).toHaveFocus();
  await user.tab();
  expect(field(/^Timeout/)).toHaveFocus();
  await user.tab();
  expect(secret('Token').getByLabelText(/^Token/)).toHaveFocus();
  await user.tab();
  expect(field(/^Add self-signed certificate/)).toHaveFocus();
  await user.keyboard(' ');
  expect(saved.jsonData).toEqual({ tlsAuthWithCACert: true });
  await user.keyboard(' ');
  expect(saved.jsonData).toEqual({});
});

describe('a wrong setting is said in a sentence', () => {
  test.each([
    ['bridge:8765', 'Start the URL with http:// or https://, for example http://127.0.0.1:8765.'],
    ['http://', 'This is not a valid URL. Enter one such as http://127.0.0.1:8765.'],
    ['http://me@bridge', 'Remove the user name from the URL: the bridge authenticates by token, below.'],
  ])('the address %s', (url, sentence) => {
    show({ url });
    expect(screen.getByText(sentence)).toBeInTheDocument();
    expect(field(/^URL/)).toBeInvalid();
  });

  test.each(['', 'http://127.0.0.1:8765', 'https://bridge.example.com/path', ' ws://bridge '])(
    'the address "%s" is not wrong',
    (url) => {
      show({ url });
      expect(screen.queryByRole('alert')).not.toBeInTheDocument();
      expect(field(/^URL/)).toBeValid();
    },
  );

  test.each([0, 601, -1])('the time limit %d', (timeout) => {
    show({ jsonData: { timeout } });
    expect(screen.getByText('Enter a number of seconds from 1 to 600.')).toBeInTheDocument();
  });
});

describe('a secret', () => {
  test('that is saved is never shown; it can be replaced', async () => {
    const user = show({ secureJsonFields: { token: true } });
    const token = secret('Token');
    expect(token.getByLabelText(/^Token/)).toBeDisabled();
    expect(token.getByLabelText(/^Token/)).toHaveValue('configured');
    await user.click(token.getByRole('button', { name: /reset/i }));
    expect(saved.secureJsonFields).toEqual({ token: false });
    await user.type(token.getByLabelText(/^Token/), 'new');
    expect(saved.secureJsonData).toEqual({ token: 'new' });
  });

  test('of certificates is asked for only where it is used', async () => {
    const user = show();
    expect(screen.queryByRole('group', { name: 'Client key' })).not.toBeInTheDocument();
    await user.click(field(/^TLS client authentication/));
    await user.type(secret('Client key').getByLabelText(/^Client key/), 'KEY');
    await user.type(secret('Client certificate').getByLabelText(/^Client certificate/), 'CERT');
    await user.type(field(/^Server name/), 'bridge');
    await user.click(field(/^Add self-signed certificate/));
    await user.type(secret('CA certificate').getByLabelText(/^CA certificate/), 'CA');
    expect(saved.jsonData).toEqual({ tlsAuth: true, tlsAuthWithCACert: true, serverName: 'bridge' });
    expect(saved.secureJsonData).toEqual({ tlsClientKey: 'KEY', tlsClientCert: 'CERT', tlsCACert: 'CA' });
  });
});

test('the check of the certificate can be left out, with a warning beside it', async () => {
  const user = show();
  expect(
    screen.getByText(/Anybody between Grafana and the bridge can then read the token/),
  ).toBeInTheDocument();
  await user.click(field(/^Skip TLS verify/));
  expect(saved.jsonData).toEqual({ tlsSkipVerify: true });
});

test('the proxy is offered where the administrators have one', async () => {
  config.secureSocksDSProxyEnabled = true;
  const user = show();
  await user.click(screen.getByRole('switch', { name: 'Enabled' }));
  expect(saved.jsonData).toEqual({ enableSecureSocksProxy: true });
});

test('provisioned settings cannot be changed, and still show what is set', () => {
  show({ readOnly: true, url: 'http://bridge', secureJsonFields: { token: true } });
  expect(field(/^URL/)).toBeDisabled();
  expect(field(/^Skip TLS verify/)).toBeDisabled();
  expect(secret('Token').getByLabelText(/^Token/)).toHaveValue('configured');
  expect(screen.queryByRole('button', { name: /reset/i })).not.toBeInTheDocument();
});

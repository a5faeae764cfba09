import { CatalogueClient, asCatalogueError, type ResourceCall } from './catalogue';
import { CATALOGUE } from './testing/catalogue';

let now: number;
let call: jest.Mock<ReturnType<ResourceCall>, Parameters<ResourceCall>>;
let client: CatalogueClient;
beforeEach(() => {
  now = 0;
  call = jest.fn<ReturnType<ResourceCall>, Parameters<ResourceCall>>(() => Promise.resolve(CATALOGUE));
  client = new CatalogueClient(call, () => now);
});

describe('an answer', () => {
  test('serves for half a minute, also those who ask while it is on its way', async () => {
    await Promise.all([client.metrics(), client.metric('visits'), client.metrics()]);
    now = 29_999;
    await client.metrics();
    expect(call).toHaveBeenCalledTimes(1);
    now = 30_000;
    await client.metrics();
    expect(call).toHaveBeenCalledTimes(2);
  });

  test('serves the same question only', async () => {
    call.mockResolvedValue({ values: [], truncated: false });
    await client.dimensionValues('m', 'd', { prefix: 'a' });
    await client.dimensionValues('m', 'd', { prefix: 'b' });
    await client.dimensionValues('m', 'd', { prefix: 'a' });
    expect(call.mock.calls.map(([, params]) => params)).toEqual([{ prefix: 'a' }, { prefix: 'b' }]);
  });

  test('is not kept for ever, however many questions there are', async () => {
    call.mockResolvedValue({ values: [], truncated: false });
    for (let i = 0; i <= 200; i += 1) await client.dimensionValues('m', 'd', { prefix: `p${i}` });
    await client.dimensionValues('m', 'd', { prefix: 'p0' });
    expect(call).toHaveBeenCalledTimes(202);
  });

  test('that failed is asked for again', async () => {
    call.mockRejectedValueOnce({ status: 502, data: { message: 'down' } });
    await expect(client.metrics()).rejects.toMatchObject({
      name: 'CatalogueError',
      message: 'down',
      status: 502,
    });
    await expect(client.metrics()).resolves.toHaveLength(5);
  });

  test('is forgotten when somebody asks to try again', async () => {
    await client.metrics();
    client.forget();
    await client.metrics();
    expect(call).toHaveBeenCalledTimes(2);
  });
});

test('names are put into the path whole, and a range in whole milliseconds', async () => {
  call.mockResolvedValue({ values: ['x'], truncated: true });
  const range = { fromMs: -5, toMs: 10.2 };
  const answer = await client.dimensionValues('a/b', 'c?d', { range, limit: 7 });
  expect(answer.truncated).toBe(true);
  expect(call).toHaveBeenCalledWith('metrics/a%2Fb/dimensions/c%3Fd/values', {
    from_ms: '0',
    to_ms: '11',
    limit: '7',
  });
});

test('a metric that there is not is an error with a code', async () => {
  await expect(client.metric('gone')).rejects.toMatchObject({ code: 'unknown_metric', status: 404 });
  await expect(client.metric('visits')).resolves.toMatchObject({ title: 'Visits' });
});

describe('a refusal as a sentence', () => {
  test.each([
    [
      'of the bridge',
      { status: 401, data: { error: { code: 'unauthorized', message: 'No such token.' } } },
      'No such token.',
    ],
    ['of Grafana', { status: 500, data: { message: 'Plugin unavailable' } }, 'Plugin unavailable'],
    ['of the network', { statusText: 'Bad Gateway' }, 'Bad Gateway'],
    ['of anything', new Error('odd'), 'odd'],
    ['of nothing', undefined, 'Grafana did not answer. Check the connection to Grafana, then try again.'],
  ])('%s', (_, fault, message) => {
    expect(asCatalogueError(fault).message).toBe(message);
  });

  test('keeps its code and what caused it', () => {
    const fault = { status: 403, data: { error: { code: 'forbidden', message: 'No.' } } };
    const error = asCatalogueError(fault);
    expect(error).toMatchObject({ code: 'forbidden', status: 403, cause: fault });
    expect(asCatalogueError(error)).toBe(error);
  });
});

import type { FastifyInstance } from 'fastify';
import type { ApiContract } from './api-contract';
import type { components } from './api-types';
import {
  backtestFromWire,
  backtestToWire,
  forecastFromWire,
  forecastJson,
  unwrittenSteps,
} from './forecast-wire';
import type { HttpDependencies } from './http-dependencies';
import { sendJson, sendPieces } from './send-json';

type Schemas = components['schemas'];

/** Up to this number of steps an answer is built in one go. */
const SMALL_ANSWER = 4_000;

/** Forecasts and backtests. Scope `read`. */
export function forecastRoutes(
  app: FastifyInstance,
  { forecasts }: HttpDependencies,
  contract: ApiContract,
): void {
  const config = { scope: 'read', gate: 'data' } as const;

  const forecast = contract.of('forecast');
  app.post('/api/v1/forecast', { config }, async ({ body, principal, work }, reply) => {
    forecast.body(body);
    const asked = forecastFromWire(body as Schemas['ForecastRequest']);
    const answer = await work.run((scope) => forecasts.forecast(asked, principal.tenant, scope));
    return sendPieces(reply, forecastJson(answer), unwrittenSteps(answer) <= SMALL_ANSWER);
  });

  const backtest = contract.of('backtest');
  app.post('/api/v1/backtest', { config }, async ({ body, principal, work }, reply) => {
    backtest.body(body);
    const asked = backtestFromWire(body as Schemas['BacktestRequest']);
    const answer = await work.run((scope) => forecasts.backtest(asked, principal.tenant, scope));
    return sendJson(reply, backtestToWire(answer));
  });
}

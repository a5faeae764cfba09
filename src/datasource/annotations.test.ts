import type { AnnotationQuery } from '@grafana/data';
import { annotationSupport } from './annotations';
import type { StreamKpiQuery } from './query';

type Annotation = AnnotationQuery<StreamKpiQuery>;
const BASE = { name: 'Alerts', enable: true, iconColor: 'red' };
const prepare = (saved: object): Annotation => annotationSupport.prepareAnnotation!(saved);
const queryOf = (target?: Partial<StreamKpiQuery>) =>
  annotationSupport.prepareQuery!({ ...BASE, target: { refId: 'X', ...target } });

describe('a saved annotation', () => {
  test('that is new asks for events', () => {
    expect(prepare(BASE)).toEqual({ ...BASE, target: { refId: 'Anno', kind: 'events' } });
    expect(annotationSupport.getDefaultQuery?.()).toEqual({ version: 1, kind: 'events' });
  });

  test('may have its query beside its other settings, as a file has it', () => {
    const filters = [{ dimension: 'user_id', op: '=', values: ['u1'] }];
    const beside = {
      metric: 'high_activity_alert',
      severities: ['critical'],
      eventState: 'open',
      limit: 5,
      filters,
    };
    expect(prepare({ ...BASE, ...beside })).toEqual({
      ...BASE,
      target: { refId: 'Anno', kind: 'events', ...beside },
    });
  });

  test('keeps what its editor has saved', () => {
    const target = { refId: 'Mine', kind: 'events', metric: 'a', limit: 3 };
    expect(prepare({ ...BASE, metric: 'b', target }).target).toEqual(target);
  });

  test('that has been prepared is given back as it is, so that Grafana does not prepare it for ever', () => {
    const prepared = prepare({ ...BASE, metric: 'a' });
    expect(prepare(prepared)).toBe(prepared);
  });
});

describe('its query', () => {
  test('is a table of events that is never live, whatever was saved', () => {
    const saved = { metric: 'a', kind: 'series' as const, eventsAs: 'count' as const, live: true };
    expect(queryOf(saved)).toEqual({
      refId: 'Anno',
      metric: 'a',
      kind: 'events',
      eventsAs: 'table',
      live: false,
    });
  });

  test('takes open events in too, unless the annotation leaves them out', () => {
    expect(queryOf({ metric: 'a' })).not.toHaveProperty('eventState');
    expect(queryOf({ metric: 'a', eventState: 'resolved' })).toMatchObject({ eventState: 'resolved' });
  });

  test('is not asked before a metric is chosen', () => {
    expect(queryOf({})).toBeUndefined();
    expect(queryOf({ metric: '' })).toBeUndefined();
    expect(annotationSupport.prepareQuery!({ ...BASE })).toBeUndefined();
  });
});

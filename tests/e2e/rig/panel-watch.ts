import type { Page } from 'playwright-core';
import { panelSelector } from './own-panels';

/** What one panel shows, and the data that Grafana passes to it. */
export interface WatchedPanel {
  readonly title: string;
  readonly text: string;
  /** Errors of its queries and notices of its frames: Grafana shows both in the panel's header. */
  readonly signs: readonly string[];
  /** How its frames are kept up to date. */
  readonly states: readonly string[];
  /** Since `watchPanels`: texts in which what it must always show was missing. */
  readonly lost: readonly string[];
}

interface Watched {
  readonly title: string;
  readonly selector: string;
  /** A regular expression that every text of the panel must match. */
  readonly always: string;
}

/** Looks at every change of these panels from now on; what was seen before is forgotten. */
export const watchPanels = (
  page: Page,
  panels: readonly { readonly title: string; readonly always: RegExp }[],
): Promise<void> =>
  page.evaluate(
    (watched: readonly Watched[]) => {
      const lost = new Map(watched.map(({ title }) => [title, new Set<string>()]));
      const look = (): void => {
        for (const { title, selector, always } of watched) {
          const text = document.querySelector<HTMLElement>(selector)?.innerText ?? 'no panel';
          if (!new RegExp(always).test(text)) lost.get(title)?.add(text.replace(/\s+/g, ' '));
        }
      };
      (window as { watchedPanels?: { observer: MutationObserver } }).watchedPanels?.observer.disconnect();
      const observer = new MutationObserver(look);
      observer.observe(document.body, { subtree: true, childList: true, characterData: true });
      Object.assign(window, { watchedPanels: { watched, lost, observer } });
    },
    panels.map(({ title, always }) => ({ title, selector: panelSelector(title), always: always.source })),
  );

/** The watched panels as they are now. */
export const readPanels = (page: Page): Promise<WatchedPanel[]> =>
  page.evaluate(() => {
    interface Frame {
      readonly meta?: {
        readonly notices?: readonly { readonly text: string }[];
        readonly custom?: { readonly streamkpi?: { readonly state: string } };
      };
    }
    interface SceneObject {
      readonly state: {
        readonly title?: string;
        readonly body?: SceneObject;
        readonly children?: readonly SceneObject[];
        readonly $data?: SceneObject;
        readonly data?: {
          readonly series: readonly Frame[];
          readonly error?: { readonly message?: string };
          readonly errors?: readonly { readonly message?: string }[];
        };
      };
    }
    const { watchedPanels, __grafanaSceneContext: scene } = window as unknown as {
      readonly watchedPanels: {
        readonly watched: readonly { readonly title: string; readonly selector: string }[];
        readonly lost: ReadonlyMap<string, ReadonlySet<string>>;
      };
      readonly __grafanaSceneContext: SceneObject;
    };
    const items = scene.state.body?.state.children ?? [];
    return watchedPanels.watched.map(({ title, selector }) => {
      const panel = items.map(({ state }) => state.body).find((body) => body?.state.title === title);
      const data = panel?.state.$data?.state.data;
      const errors = data?.errors ?? (data?.error === undefined ? [] : [data.error]);
      const metas = (data?.series ?? []).map(({ meta }) => meta);
      return {
        title,
        text: document.querySelector<HTMLElement>(selector)?.innerText.replace(/\s+/g, ' ') ?? '',
        signs: [
          ...errors.map(({ message }) => message ?? ''),
          ...metas.flatMap((meta) => meta?.notices?.map(({ text }) => text) ?? []),
        ],
        states: [...new Set(metas.map((meta) => meta?.custom?.streamkpi?.state ?? 'none'))],
        lost: [...(watchedPanels.lost.get(title) ?? [])],
      };
    });
  });

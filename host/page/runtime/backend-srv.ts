import type { BackendSrv, BackendSrvRequest, FetchError, FetchResponse } from '@grafana/runtime';
import { lastValueFrom, Observable, throwError } from 'rxjs';

const CANCELLED = -1;

const address = ({ url, params }: BackendSrvRequest): string => {
  const target = new URL(url, window.location.origin);
  for (const [name, value] of Object.entries(params ?? {})) {
    const values = (Array.isArray(value) ? value : [value]) as readonly (
      string | number | boolean | null | undefined
    )[];
    for (const one of values) {
      if (one !== undefined && one !== null) target.searchParams.append(name, String(one));
    }
  }
  return target.toString();
};

const body = (data: unknown): string | null => {
  if (data === undefined || data === null) return null;
  return typeof data === 'string' ? data : JSON.stringify(data);
};

const read = async (response: Response, type: BackendSrvRequest['responseType']): Promise<unknown> => {
  if (type === 'arraybuffer') return response.arrayBuffer();
  if (type === 'blob') return response.blob();
  const text = await response.text();
  if (type === 'text' || text === '') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};

/**
 * Grafana's way to its backend: a new request with the id of one under way takes its place, an error is an object
 * with the answer's status and data, and giving up the Observable aborts the request.
 */
export class HostBackendSrv implements BackendSrv {
  private readonly underWay = new Map<string, () => void>();

  fetch<T>(options: BackendSrvRequest): Observable<FetchResponse<T>> {
    return new Observable((subscriber) => {
      const abort = new AbortController();
      const { requestId } = options;
      const cancel = (): void => {
        abort.abort();
        const error: FetchError = {
          status: CANCELLED,
          statusText: 'Request was aborted',
          data: null,
          cancelled: true,
          config: options,
        };
        subscriber.error(error);
      };
      if (requestId !== undefined) {
        this.resolveCancelerIfExists(requestId);
        this.underWay.set(requestId, cancel);
      }
      options.abortSignal?.addEventListener('abort', cancel);
      const run = async (): Promise<void> => {
        const response = await fetch(address(options), {
          method: options.method ?? 'GET',
          headers: { accept: 'application/json', 'content-type': 'application/json', ...options.headers },
          body: body(options.data),
          signal: abort.signal,
        });
        const data = await read(response, options.responseType);
        const { status, statusText, ok, headers, redirected, type, url } = response;
        if (ok) {
          subscriber.next({
            data: data as T,
            status,
            statusText,
            ok,
            headers,
            redirected,
            type,
            url,
            config: options,
          });
          subscriber.complete();
        } else {
          const error: FetchError = { status, statusText, data, config: options };
          subscriber.error(error);
        }
      };
      run().catch((reason: unknown) => {
        if (abort.signal.aborted) return;
        const message = reason instanceof Error ? reason.message : String(reason);
        const error: FetchError = {
          status: 0,
          statusText: message,
          data: { message },
          message,
          config: options,
        };
        subscriber.error(error);
      });
      return () => {
        if (requestId !== undefined && this.underWay.get(requestId) === cancel)
          this.underWay.delete(requestId);
        abort.abort();
      };
    });
  }

  /** Ends the request of this id that is under way, if there is one. */
  resolveCancelerIfExists(requestId: string): void {
    const cancel = this.underWay.get(requestId);
    this.underWay.delete(requestId);
    cancel?.();
  }

  chunked(): Observable<FetchResponse<Uint8Array | undefined>> {
    return throwError(() => new Error('The host page has no chunked answers'));
  }

  async request<T>(options: BackendSrvRequest): Promise<T> {
    return (await lastValueFrom(this.fetch<T>(options))).data;
  }

  datasourceRequest<T>(options: BackendSrvRequest): Promise<FetchResponse<T>> {
    return lastValueFrom(this.fetch<T>(options));
  }

  get<T>(
    url: string,
    params?: BackendSrvRequest['params'],
    requestId?: string,
    options?: Partial<BackendSrvRequest>,
  ) {
    return this.request<T>({
      ...options,
      method: 'GET',
      url,
      ...(params === undefined ? {} : { params }),
      ...(requestId === undefined ? {} : { requestId }),
    });
  }

  delete<T>(url: string, data?: unknown, options?: Partial<BackendSrvRequest>): Promise<T> {
    return this.request<T>({ ...options, method: 'DELETE', url, data });
  }

  post<T>(url: string, data?: unknown, options?: Partial<BackendSrvRequest>): Promise<T> {
    return this.request<T>({ ...options, method: 'POST', url, data });
  }

  patch<T>(url: string, data?: unknown, options?: Partial<BackendSrvRequest>): Promise<T> {
    return this.request<T>({ ...options, method: 'PATCH', url, data });
  }

  put<T>(url: string, data?: unknown, options?: Partial<BackendSrvRequest>): Promise<T> {
    return this.request<T>({ ...options, method: 'PUT', url, data });
  }
}

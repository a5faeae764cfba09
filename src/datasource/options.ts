import type { DataSourceJsonData } from '@grafana/data';

/** Settings of a data source that are no secrets. The bridge's address is the data source's `url`. */
export interface StreamKpiOptions extends DataSourceJsonData {
  /** Seconds until an unanswered call is given up; default 30. */
  readonly timeout?: number;
  readonly tlsSkipVerify?: boolean;
  /** A client certificate is sent. */
  readonly tlsAuth?: boolean;
  /** The bridge's certificate is checked with an own authority. */
  readonly tlsAuthWithCACert?: boolean;
  readonly serverName?: string;
  readonly enableSecureSocksProxy?: boolean;
}

/** Settings that go to the backend only. */
export interface StreamKpiSecrets {
  readonly token?: string;
  readonly tlsCACert?: string;
  readonly tlsClientCert?: string;
  readonly tlsClientKey?: string;
}

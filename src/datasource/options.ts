import type { DataSourceJsonData } from '@grafana/data';

/** Settings of a data source that are not secrets. The bridge's address is the data source's `url`. */
export interface StreamKpiOptions extends DataSourceJsonData {
  /** Timeout of a call in seconds; default 30. */
  readonly timeout?: number;
  /** The bridge's certificate is not checked at all; for trying only. */
  readonly tlsSkipVerify?: boolean;
  /** A client certificate is sent. */
  readonly tlsAuth?: boolean;
  /** The bridge's certificate is checked with an own authority. */
  readonly tlsAuthWithCACert?: boolean;
  /** Name that the certificate must have, where it is not that of the URL. */
  readonly serverName?: string;
  /** Through Grafana's secure SOCKS proxy, where that is set up. */
  readonly enableSecureSocksProxy?: boolean;
}

/** Settings that go to the backend only. */
export interface StreamKpiSecrets {
  /** Of the bridge, with the scopes `read` and `observe`; without the word Bearer. */
  readonly token?: string;
  /** Certificate of the authority, PEM. */
  readonly tlsCACert?: string;
  /** Client certificate, PEM, with its key below. */
  readonly tlsClientCert?: string;
  readonly tlsClientKey?: string;
}

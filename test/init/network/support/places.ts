/** Addresses in the network of a test. */
export const places = {
  /** Of git and files. */
  server: '203.0.113.10',
  metadata: '169.254.169.254',
  apiServer: '10.96.0.1',
  /** As that of a cache on a node: where nothing but names may be asked for. */
  nameserver: '169.254.20.10',
  node: '203.0.113.2',
  gateway: '203.0.113.1',
} as const;

// A look at the version before anything that an older Node could not even parse.
if (Number.parseInt(process.versions.node, 10) < 24) {
  console.error(
    `wscontent: Node ${process.versions.node} (${process.execPath}) is too old: ` +
      'put Node 24 or newer on the PATH, or its path in WSCONTENT_NODE',
  );
  process.exit(1);
}
await import('../dist/wscontent.mjs');

/** Preloaded by `node --import`: writes the URL of each module that is loaded to standard error. */
import { registerHooks } from 'node:module';

registerHooks({
  load(url, context, next) {
    process.stderr.write(`loads ${url}\n`);
    return next(url, context);
  },
});

import type { GitMessage } from '../../api/initializer.ts';
import { contentservice } from '../../api/initializer.generated.js';
import { parseHttpUrl } from '../urls.ts';
import type { Credentials } from './credentials.ts';
import { invalid } from './invalid.ts';

/** How a step logs in. */
export type Login =
  | { readonly credentials: Credentials }
  /** The URL of a one-time secret; it is a secret itself. */
  | { readonly oneTimeSecret: URL };

type GitConfig = NonNullable<GitMessage['config']>;

const { GitAuthMethod } = contentservice;

/** Hosters take any user with a token, but want one. */
const defaultUser = 'git';

/** Reads how to log in; `path` is the initializer's step. Throws InvalidSpec. */
export function parseLogin(config: GitConfig, path: string): Login | undefined {
  switch (config.authentication ?? GitAuthMethod.NO_AUTH) {
    case GitAuthMethod.NO_AUTH:
      return undefined;
    case GitAuthMethod.BASIC_AUTH:
      return { credentials: basicAuth(config.authUser ?? '', config.authPassword ?? '', path) };
    case GitAuthMethod.BASIC_AUTH_OTS:
      return { oneTimeSecret: parseHttpUrl(config.authOts ?? '', `${path}.config.authOts`) };
    default:
      throw invalid(`${path}.config.authentication`, `${config.authentication} is unknown`);
  }
}

/** The answer of a one-time secret, `user:password` or the password alone; undefined when it is neither. */
export function parseOneTimeSecret(text: string): Credentials | undefined {
  const line = text.replace(/\r?\n$/, '');
  const colon = line.indexOf(':');
  const user = line.slice(0, Math.max(0, colon));
  const password = line.slice(colon + 1);
  if (password === '' || unfitForGit.test(line)) return undefined;
  return { user: user === '' ? defaultUser : user, password };
}

/** git's credential helpers speak in lines. */
const unfitForGit = /[\0\r\n]/;

function basicAuth(user: string, password: string, path: string): Credentials {
  const fields = { authUser: user, authPassword: password };
  for (const [name, value] of Object.entries(fields)) {
    if (unfitForGit.test(value)) {
      throw invalid(`${path}.config.${name}`, 'holds a line break or a NUL, which git cannot take');
    }
  }
  if (user === '' && password === '') {
    throw invalid(`${path}.config.authPassword`, 'is missing with authentication BASIC_AUTH');
  }
  return { user: user === '' ? defaultUser : user, password };
}

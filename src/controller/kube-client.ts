/**
 * The few verbs of the Kubernetes API that the controller needs. What a ClusterRole has to grant:
 *
 *   workspacecontent.dev  workspacecontents         get, list, watch, patch
 *   workspacecontent.dev  workspacecontents/status  patch
 *   ""                    secrets                   get
 *   ""                    events                    create
 */
import type { IncomingMessage } from 'node:http';
import { ApiError, ApiUnavailable, toApiError } from './api-error.ts';
import type { KubeRequest, KubeTransport } from './kube-transport.ts';
import { splitLines } from './lines.ts';

export type Query = Readonly<Record<string, string>>;

/** Owner of the fields of the status that the controller applies. */
const fieldManager = 'workspace-content';

const mebibyte = 1024 ** 2;

/** Of a watch; when its deadline is aborted, it ends as one that failed. */
export interface WatchControls {
  readonly deadline: AbortSignal;
  /** Called when the server has taken the watch on, before its first line. */
  readonly onOpen: () => void;
}

export interface KubeClientLimits {
  /** Milliseconds for a whole exchange, watches aside. */
  readonly requestTimeoutMs: number;
  /** Bytes of an answer; a page of the largest possible objects stays below. */
  readonly answerBytes: number;
  /** Bytes of one event; etcd takes no object of more than 1.5 MiB. */
  readonly eventBytes: number;
}

const defaultKubeClientLimits: KubeClientLimits = {
  requestTimeoutMs: 30_000,
  answerBytes: 256 * mebibyte,
  eventBytes: 8 * mebibyte,
};

/** Every method throws ApiError for an answer other than 2xx, and ApiUnavailable when there is none. */
export class KubeClient {
  readonly #transport: KubeTransport;
  readonly #limits: KubeClientLimits;

  constructor(transport: KubeTransport, limits: KubeClientLimits = defaultKubeClientLimits) {
    this.#transport = transport;
    this.#limits = limits;
  }

  async get(path: string, signal: AbortSignal, query: Query = {}): Promise<unknown> {
    return await this.#exchange({ method: 'GET', path, query }, signal);
  }

  async create(path: string, body: object, signal: AbortSignal): Promise<unknown> {
    return await this.#exchange({ method: 'POST', path, body }, signal);
  }

  /** Server-side apply that takes the fields over from whoever has them. */
  async apply(path: string, body: object, signal: AbortSignal): Promise<unknown> {
    const query = { fieldManager, force: 'true', fieldValidation: 'Strict' };
    const contentType = 'application/apply-patch+yaml';
    return await this.#exchange({ method: 'PATCH', path, query, body, contentType }, signal);
  }

  /** JSON merge patch; with the uid and resourceVersion in it, of that very version only. */
  async merge(path: string, body: object, signal: AbortSignal): Promise<unknown> {
    const query = { fieldManager, fieldValidation: 'Strict' };
    const contentType = 'application/merge-patch+json';
    return await this.#exchange({ method: 'PATCH', path, query, body, contentType }, signal);
  }

  /** The lines of a watch, until the server ends it. */
  async *watch(
    path: string,
    query: Query,
    signal: AbortSignal,
    { deadline, onOpen }: WatchControls,
  ): AsyncGenerator<string> {
    const request = { method: 'GET', path, query: { ...query, watch: 'true' } } as const;
    const headTimeoutMs = this.#limits.requestTimeoutMs;
    const response = await this.#transport({ ...request, signal, deadline, headTimeoutMs });
    try {
      if (response.statusCode !== 200) await this.#fail(request, response);
      onOpen();
      yield* splitLines(response, this.#limits.eventBytes);
    } catch (error) {
      throw toFailure(request, error, signal, deadline);
    } finally {
      response.destroy();
    }
  }

  async #exchange(
    request: Omit<KubeRequest, 'signal' | 'deadline' | 'headTimeoutMs'>,
    signal: AbortSignal,
  ): Promise<unknown> {
    const { requestTimeoutMs } = this.#limits;
    const deadline = AbortSignal.timeout(requestTimeoutMs);
    try {
      const headTimeoutMs = requestTimeoutMs;
      const response = await this.#transport({ ...request, signal, deadline, headTimeoutMs });
      const { statusCode = 0 } = response;
      if (statusCode < 200 || statusCode > 299) await this.#fail(request, response);
      return JSON.parse(await this.#text(response)) as unknown;
    } catch (error) {
      throw toFailure(request, error, signal, deadline);
    }
  }

  async #fail(
    request: Pick<KubeRequest, 'method' | 'path'>,
    response: IncomingMessage,
  ): Promise<never> {
    const text = await this.#text(response);
    const what = `${request.method} ${request.path}`;
    throw toApiError(what, response.statusCode ?? 0, parseStatus(text), response.headers);
  }

  async #text(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > this.#limits.answerBytes) {
        throw new ApiUnavailable(`an answer of more than ${this.#limits.answerBytes} bytes`);
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }
}

/** Some answers, those of proxies for one, are plain text. */
function parseStatus(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return { message: text.slice(0, 200) };
  }
}

/** The caller's own abort stays what it is; all that has no class of its own becomes ApiUnavailable. */
function toFailure(
  { method, path }: Pick<KubeRequest, 'method' | 'path'>,
  error: unknown,
  signal: AbortSignal,
  deadline: AbortSignal,
): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof ApiError || error instanceof ApiUnavailable) return error;
  const why = error instanceof Error ? error.message : String(error);
  const what = deadline.aborted ? 'no whole answer in time' : why;
  return new ApiUnavailable(`${method} ${path}: ${what}`, { cause: error });
}

// Requests to places that somebody named (keys of a client, its metadata): judged again when sending, without redirects,
// without credentials, with a deadline, and with an end to what is read.
import { TARGET_ANSWER_MAX_BYTES } from '../domain/limits.ts'
import { isTargetUri } from '../domain/target-uri.ts'

export interface TargetRequest {
  readonly method: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** For the answer and its body together. */
  readonly timeoutMs: number
}

export type TargetAnswer =
  /** Any status but a redirect; of the body at most TARGET_ANSWER_MAX_BYTES. */
  | {
      readonly tag: 'answered'
      readonly status: number
      readonly headers: Headers
      readonly body: Uint8Array
    }
  | { readonly tag: 'failed'; readonly why: 'not_a_target' | 'redirected' | 'no_answer' | 'timed_out' }

export type FetchTarget = (uri: string, request: TargetRequest) => Promise<TargetAnswer>

/** Never throws: a place that does not answer is an expected outcome. */
export function createFetchTarget(fetch: typeof globalThis.fetch, allowsLoopback: boolean): FetchTarget {
  return async (uri, request) => {
    if (!isTargetUri(uri, allowsLoopback)) return { tag: 'failed', why: 'not_a_target' }
    const deadline = createDeadline(request.timeoutMs)
    try {
      return await deadline.bounds(send(fetch, uri, request, deadline.signal))
    } catch {
      return { tag: 'failed', why: deadline.signal.aborted ? 'timed_out' : 'no_answer' }
    } finally {
      deadline.clear()
    }
  }
}

async function send(
  fetch: typeof globalThis.fetch,
  uri: string,
  { method, headers = {}, body }: TargetRequest,
  signal: AbortSignal,
): Promise<TargetAnswer> {
  const response = await fetch(uri, {
    method,
    headers: { ...headers, 'user-agent': 'latchkey' },
    ...(body === undefined ? {} : { body }),
    // A redirect leads to a place that nobody has judged.
    redirect: 'manual',
    // A copy from a cache would be older than our own caches say.
    cache: 'no-store',
    signal,
  })
  if (response.status >= 300 && response.status < 400) {
    await response.body?.cancel()
    return { tag: 'failed', why: 'redirected' }
  }
  return {
    tag: 'answered',
    status: response.status,
    headers: response.headers,
    body: await readStart(response),
  }
}

/** The beginning of the body; the rest is never received. */
async function readStart(response: Response): Promise<Uint8Array> {
  const start = new Uint8Array(TARGET_ANSWER_MAX_BYTES)
  let size = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    const fitting = chunk.subarray(0, start.byteLength - size)
    start.set(fitting, size)
    size += fitting.byteLength
    // Leaving the loop cancels the stream.
    if (size === start.byteLength) break
  }
  return start.slice(0, size)
}

/** Cuts off work whether or not it listens to its signal. */
function createDeadline(milliseconds: number) {
  const controller = new AbortController()
  const { promise: passed, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    controller.abort()
    reject(new Error('deadline passed'))
  }, milliseconds)
  return {
    signal: controller.signal,
    bounds: <T>(work: Promise<T>): Promise<T> => Promise.race([work, passed]),
    clear: () => clearTimeout(timer),
  }
}

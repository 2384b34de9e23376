// Each operation and each floor as load: which requests, in which order, on which Worker.
import type { WorkerName } from './build.ts'
import { type HttpRequest, type Load, rawRequest } from './load.ts'
import { CLIENT, refreshDigest, type Scene } from './scene.ts'
import type { SeededSession } from './workers/probe.ts'

export interface LoadPlan {
  readonly worker: WorkerName
  readonly order: Load['order']
  readonly chain?: Load['chain']
  readonly status: number
  /** @param budget how many a round may use up; only those that can be used once are made for it */
  readonly requests: (
    scene: Scene,
    budget: number,
  ) => Promise<readonly HttpRequest[]> | readonly HttpRequest[]
}

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })

const request = (
  method: string,
  path: string,
  headers: HttpRequest['headers'],
  body: string | null = null,
): HttpRequest => ({ method, path, headers, body })

const form = (parameters: Record<string, string>): string => new URLSearchParams(parameters).toString()

type Over = 'hot' | 'spread'
const sessionsOf = (scene: Scene, over: Over): readonly SeededSession[] =>
  over === 'hot' ? [scene.hot] : scene.spread

/** The same bytes to every route that is compared, whether it looks at the token or not. */
export const withToken = (worker: WorkerName, path: string, over: Over = 'hot'): LoadPlan => ({
  worker,
  order: 'in turn',
  status: 200,
  requests: scene =>
    sessionsOf(scene, over).map(({ access_token, sessionId }) =>
      request('GET', path, { ...bearer(access_token), 'X-Bucket': `${sessionId} 1` }),
    ),
})

export const introspection = (
  worker: WorkerName,
  path: string,
  over: Over = 'hot',
  mode = 'bounded',
): LoadPlan => ({
  worker,
  order: 'in turn',
  status: 200,
  requests: scene =>
    sessionsOf(scene, over).map(({ access_token: token }) =>
      request(
        'POST',
        path,
        { ...FORM, Authorization: `Basic ${scene.resourceCredentials}` },
        form({ token, mode }),
      ),
    ),
})

export const listing = (worker: WorkerName, path: string): LoadPlan => ({
  worker,
  order: 'in turn',
  status: 200,
  requests: ({ crowded }) => [request('GET', path, bearer(crowded.access_token))],
})

const REFRESH_HEAD = { ...FORM, 'Content-Length': '{length}' }
const chainTo = (path: string, start: string): Load['chain'] => ({
  head: rawRequest(request('POST', path, REFRESH_HEAD)),
  form: start,
})

const REFRESH_FORM = `grant_type=refresh_token&client_id=${CLIENT}&`
export const refreshing: LoadPlan = {
  worker: 'service',
  order: 'each leads on',
  chain: chainTo('/oauth2/token', REFRESH_FORM),
  status: 200,
  requests: async (scene, budget) =>
    (await scene.sessions(budget)).map(({ refresh_token = '' }) =>
      request(
        'POST',
        '/oauth2/token',
        FORM,
        `${REFRESH_FORM}refresh_token=${encodeURIComponent(refresh_token)}`,
      ),
    ),
}

export const refreshFloor: LoadPlan = {
  worker: 'floors',
  order: 'each leads on',
  chain: chainTo('/batch', ''),
  status: 200,
  requests: async (scene, budget) =>
    (await scene.sessions(budget)).map(({ userId, sessionId, refresh_token = '' }) => {
      const state = [userId, sessionId, refreshDigest(refresh_token), 1].join(' ')
      return request('POST', '/batch', FORM, `refresh_token=${encodeURIComponent(state)}`)
    }),
}

export const signingIn: LoadPlan = {
  worker: 'service',
  order: 'each once',
  status: 200,
  requests: async (scene, budget) =>
    (await scene.signIns(budget)).map(({ id, code, verifier }) =>
      request(
        'POST',
        '/oauth2/token',
        FORM,
        form({
          grant_type: 'urn:latchkey:grant-type:magic-link',
          client_id: CLIENT,
          sign_in_id: id,
          code,
          code_verifier: verifier,
        }),
      ),
    ),
}

export const signInFloor: LoadPlan = {
  worker: 'floors',
  order: 'in turn',
  status: 200,
  requests: () => [request('POST', '/object-start', FORM, form({ client_id: CLIENT }))],
}

export const ending: LoadPlan = {
  worker: 'service',
  order: 'each once',
  status: 204,
  requests: async (scene, budget) =>
    (await scene.sessions(budget)).map(({ access_token }) =>
      request('POST', '/oauth2/logout', { ...bearer(access_token), 'Content-Length': '0' }),
    ),
}

export const endFloor: LoadPlan = {
  worker: 'floors',
  order: 'each once',
  status: 204,
  requests: async (scene, budget) =>
    (await scene.sessions(budget)).map(({ userId, sessionId }) =>
      request('POST', '/object-end', { 'Content-Type': 'text/plain' }, `${userId} ${sessionId}`),
    ),
}

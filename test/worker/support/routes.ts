// Every route of the app as a request can name it, and what every refusal must look like, whatever was sent.
import { expect } from 'vitest'
import { createApp, realPorts } from '../../../src/app.ts'

export interface Route {
  readonly method: string
  /** With an id that nothing has in the place of each parameter. */
  readonly path: string
}

/** In every hostile input: it must be in no answer and no log. */
export const MARKER = 'MaRkEr7Qz'

const UNKNOWN_IDS: readonly (readonly [RegExp, string])[] = [
  [/^\/admin\/v1\/users\//, 'u_aaAAAAAAAAAAAAAAAAAAAAAA'],
  [/^\/v1\/sessions\//, 's_aaAAAAAAAAAAAAAAAAAAAAAA'],
  [/^\//, 'unknown'],
]

const unknownId = (path: string): string => UNKNOWN_IDS.find(([pattern]) => pattern.test(path))?.[1] ?? ''

export const ROUTES: readonly Route[] = [
  ...new Map(
    createApp(realPorts)
      .routes.filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => ({ method, path: path.replaceAll(/:[^/]+/g, unknownId(path)) }))
      .map(route => [`${route.method} ${route.path}`, route]),
  ).values(),
]

export const WRITES: readonly Route[] = ROUTES.filter(({ method }) => method !== 'GET')
export const PATHS: readonly string[] = [...new Set(ROUTES.map(({ path }) => path))]

/** What every answer carries, refused or not. */
export function expectOurHeaders(response: Response): void {
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'x-request-id': expect.stringMatching(/^req_[\w-]{22}$/),
    'strict-transport-security': 'max-age=63072000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'content-security-policy': expect.stringMatching(/^default-src 'none';.*frame-ancestors 'none'/),
  })
}

const INSIDE =
  /\bat (?:async )?[\w.<>]+ \(|\.tsx?\b|node_modules|SQLITE_|D1_ERROR|\b(?:SELECT|INSERT|UPDATE|DELETE) |Error:|\bvalibot\b/

/** What an answer shows of the code, the database or a stack; random ids and tokens are not read. */
export const insideOf = (text: string): string | null =>
  INSIDE.exec(text.replaceAll(/[\w-]{20,}/g, random => '*'.repeat(random.length)))?.[0] ?? null

/** A refusal in the form of the contract, with nothing of the input and nothing of the inside. Returns its code. */
export async function expectRefusal(response: Response, asked: string): Promise<string> {
  const text = await response.text()
  const about = `${asked} -> ${response.status} ${text.slice(0, 200)}`
  expect(response.status, about).toBeGreaterThanOrEqual(400)
  expect(response.status, about).toBeLessThan(500)
  expectOurHeaders(response)
  expect(response.headers.get('Cache-Control'), about).toBe('no-store')
  expect(`${text} ${JSON.stringify([...response.headers])}`.includes(MARKER), about).toBe(false)
  expect(insideOf(text), about).toBeNull()
  expect(text.length, about).toBeLessThan(10_000)
  const body = JSON.parse(text) as Record<string, unknown>
  if (response.headers.get('Content-Type') === 'application/json') {
    expect(asked).toContain(' /oauth2/')
    expect(body, about).toMatchObject({ error: expect.stringMatching(/^[a-z_]+$/) })
    // What is no refusal of the protocol carries Latchkey's own code as well.
    return String(body.code ?? body.error)
  }
  expect(response.headers.get('Content-Type'), about).toBe('application/problem+json')
  expect(body, about).toEqual({
    type: `urn:latchkey:problem:${body.code}`,
    title: expect.any(String),
    status: response.status,
    code: expect.stringMatching(/^[a-z_]+$/),
    detail: expect.any(String),
    request_id: response.headers.get('X-Request-Id'),
  })
  return String(body.code)
}

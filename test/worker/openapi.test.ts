// /openapi.json against the router, and against a validator that nobody here wrote. That answers are as it says is held
// in every test of this project, in support/described.ts.
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp, realPorts } from '../../src/app.ts'
import { askForMail, browser } from './support/browser.ts'
import { type DescribedOperation, holdToDocument, type OpenApi, openApi } from './support/described.ts'
import { createService, form, freshAddress, ISSUER } from './support/service.ts'

const service = createService()
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

/** What no other program calls, and why nobody is told of it. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'GET /': 'leads to /account, and is nothing else',
  'GET /assets/{name}': 'style and scripts of the pages',
  'GET /sign-in/live': 'the socket of the page at /sign-in/check, for its own script',
  'GET /signed-out': 'where signing out leads: says that it is done',
  'GET /signed-out/deleted': 'where deleting the account leads: likewise',
  'POST /oauth2/end-session/confirm': 'the form of the page at /oauth2/end-session',
  'GET /admin': 'the operator’s page; other programs call /admin/v1',
  'POST /admin': 'a form of that page',
  'POST /admin/acknowledge': 'a form of that page',
  'POST /admin/sign-out': 'a form of that page',
}

let document: OpenApi
beforeAll(async () => {
  document = await openApi()
})

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )

/** By 401; pages also by sending to the sign-in, and their forms by 403. */
function isTurnedAway({ responses }: DescribedOperation, { status, headers }: Response): boolean {
  const isPage = responses['303'] !== undefined || responses['200']?.content?.['text/html'] !== undefined
  return status === 401 || (isPage && (status === 403 || TO_SIGN_IN.test(headers.get('Location') ?? '')))
}

const TO_SIGN_IN = /^\/sign-in(?:\?|$)/

describe('GET /openapi.json', () => {
  it('describes every route but those that no other program calls, and no other', () => {
    const routes = createApp(realPorts)
      .routes.filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replaceAll(/:([^/]+)/g, '{$1}')}`)
    const described = operations().map(({ method, path }) => `${method} ${path}`)
    expect([...described, ...Object.keys(LEFT_OUT)].sort()).toEqual([...new Set(routes)].sort())
    expect(described.length).toBeGreaterThan(80)
  })

  it('is public, kept by caches for minutes, and names the issuer as its server', async () => {
    const answer = await service.request('/openapi.json', { headers: { Origin: 'https://any.test' } })
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('*')
    expect(answer.headers.get('Cache-Control')).toBe('public, max-age=300')
    expect(await answer.json()).toMatchObject({ openapi: '3.1.0', servers: [{ url: ISSUER }] })
  })

  it('OA-12: says who may call: nobody unnamed passes where security stands, and anybody where none does', async () => {
    const wrong: string[] = []
    const { token } = await askForMail(service, browser(service), freshAddress())
    for (const { method, path, operation } of operations()) {
      const url = path.replaceAll(/\{[^}]+\}/g, 'unknown')
      // Who sends a form is asked for once there is one.
      const isForm = operation.requestBody?.content['application/x-www-form-urlencoded'] !== undefined
      const answer = await service.request(url, isForm ? form({ token }) : { method })
      if (isTurnedAway(operation, answer) !== operation.security.length > 0)
        wrong.push(`${method} ${path}: ${answer.status}`)
    }
    expect(wrong).toEqual([])
  })
})

describe('an answer', () => {
  const answer = (body: unknown, status = 200) => Response.json(body, { status })
  const health = { status: 'ok', version: '1' }
  const whether = (body: unknown, status?: number) =>
    holdToDocument('GET', '/health', answer(body, status)).then(
      () => true,
      () => false,
    )

  it('fails its test when it has a member too few or too many, another type, or a status that is not described', async () => {
    expect(await whether(health)).toBe(true)
    expect(await whether({ status: 'ok' })).toBe(false)
    expect(await whether({ ...health, more: 1 })).toBe(false)
    expect(await whether({ ...health, version: 1 })).toBe(false)
    expect(await whether(health, 201)).toBe(false)
  })

  it('fails its test when it leads elsewhere than is described, or nowhere', async () => {
    const whetherTo = (headers: Record<string, string>, path = '/sign-in') =>
      holdToDocument('POST', path, new Response(null, { status: 303, headers })).then(
        () => true,
        () => false,
      )
    expect(await whetherTo({ Location: '/sign-in/check' })).toBe(true)
    expect(await whetherTo({ Location: '/account' })).toBe(false)
    expect(await whetherTo({ Location: `${ISSUER}/sign-in/check` })).toBe(false)
    expect(await whetherTo({})).toBe(false)
    expect(await whetherTo({ Location: '/oauth2/authorize/continue?request=x' }, '/sign-in/link')).toBe(true)
    for (const Location of ['//evil.test', '/\\evil.test', 'https://evil.test/']) {
      expect(await whetherTo({ Location }, '/sign-in/link')).toBe(false)
    }
    expect(await whetherTo({ Location: 'https://app.test/?code=x' }, '/oauth2/authorize')).toBe(true)
    expect(await whetherTo({}, '/oauth2/authorize')).toBe(false)
  })
})

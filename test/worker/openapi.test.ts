// /openapi.json against the router, and against a validator that nobody here wrote. That answers are as it says is held
// in every test of this project, in support/described.ts.
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp, realPorts } from '../../src/app.ts'
import { holdToDocument, type OpenApi, openApi } from './support/described.ts'
import { createService, form, ISSUER } from './support/service.ts'

const service = createService()
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

/** What people visit, and what pages load. */
const PAGES =
  /^\/(?:$|favicon\.ico$|assets\/|sign-in(?:\/|$)|sign-out$|signed-out(?:\/|$)|account(?:\/(?!data\.json$)|$)|device(?:\/|$)|admin(?:\/(?!v1\/)|$)|oauth2\/authorize\/|oauth2\/end-session\/)/

let document: OpenApi
beforeAll(async () => {
  document = await openApi()
})

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )

describe('GET /openapi.json', () => {
  it('describes every route but the pages, and no other', () => {
    const routes = createApp(realPorts)
      .routes.filter(({ method, path }) => method !== 'ALL' && !PAGES.test(path))
      .map(({ method, path }) => `${method} ${path.replaceAll(/:([^/]+)/g, '{$1}')}`)
    const described = operations().map(({ method, path }) => `${method} ${path}`)
    expect(described.sort()).toEqual([...new Set(routes)].sort())
    expect(described.length).toBeGreaterThan(40)
  })

  it('is public, kept by caches for minutes, and names the issuer as its server', async () => {
    const answer = await service.request('/openapi.json', { headers: { Origin: 'https://any.test' } })
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('*')
    expect(answer.headers.get('Cache-Control')).toBe('public, max-age=300')
    expect(await answer.json()).toMatchObject({ openapi: '3.1.0', servers: [{ url: ISSUER }] })
  })

  it('OA-12: says who may call: nobody unnamed passes where security stands, and anybody where none does', async () => {
    const wrong: string[] = []
    for (const { method, path, operation } of operations()) {
      const url = path.replaceAll(/\{[^}]+\}/g, 'unknown')
      // Clients are asked for once there is a form.
      const asked = method === 'POST' && 'client' in (operation.security[0] ?? {}) ? form({}) : { method }
      const { status } = await service.request(url, asked)
      if ((status === 401) !== operation.security.length > 0) wrong.push(`${method} ${path}: ${status}`)
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
})

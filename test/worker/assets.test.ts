// What the pages name under /assets/, as the service hands it out.
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { expectOurHeaders } from './support/routes.ts'
import { createService } from './support/service.ts'

const service = createService()

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

const { TEST_ASSETS: NAMES } = env as unknown as { readonly TEST_ASSETS: readonly string[] }

describe('style and scripts of the pages', () => {
  it('are found', () =>
    expect(NAMES).toEqual(expect.arrayContaining(['latchkey.css', 'link.js', 'icon.svg'])))

  it.each(NAMES)(
    'WB-07, WB-11: %s has its exact type and our headers, and is kept for a while',
    async name => {
      const whole = await service.request(`/assets/${name}`)
      expect(whole.status).toBe(200)
      expect(await whole.text()).toMatch(/\S/)
      expect(whole.headers.get('Content-Type')).toBe(TYPES[name.slice(name.lastIndexOf('.') + 1)])

      const etag = String(whole.headers.get('ETag'))
      expect(etag).toMatch(/^(?:W\/)?"[^"]+"$/)
      const same = await service.request(`/assets/${name}`, { headers: { 'If-None-Match': etag } })
      const other = await service.request(`/assets/${name}`, { headers: { 'If-None-Match': '"other"' } })
      const head = await service.request(`/assets/${name}`, { method: 'HEAD' })
      expect([same.status, other.status, head.status]).toEqual([304, 200, 200])
      expect([await same.text(), await head.text()]).toEqual(['', ''])
      for (const response of [whole, same, other, head]) {
        expectOurHeaders(response)
        expect(response.headers.get('Cache-Control')).toBe('public, max-age=300')
        expect(response.headers.get('ETag')).toBe(etag)
      }
      await other.body?.cancel()
    },
  )

  it('WB-11: nothing else is there, under whatever name', async () => {
    for (const path of ['/latchkey.css', '/assets/', '/assets/%2E%2E%2Flink.js', '/assets/%']) {
      const response = await service.request(path, { headers: { 'If-None-Match': '*' } })
      expect(response.status, path).toBe(404)
      expect(response.headers.get('Cache-Control')).toBe('no-store')
      await response.body?.cancel()
    }
  })
})

import { describe, expect, it } from 'vitest'
import { dump } from './support/dump.ts'
import { expectRefusal } from './support/routes.ts'
import { admin, createService, json } from './support/service.ts'

const service = createService()
const CLIENTS = '/admin/v1/clients'
const MINIMAL = { name: 'Bank', kind: 'first_party', type: 'public', scopes: ['read'] }

const post = (changes: Readonly<Record<string, unknown>>) =>
  service.request(CLIENTS, admin(service, json({ ...MINIMAL, ...changes })))

const created = async (changes: Readonly<Record<string, unknown>>): Promise<unknown> => {
  const response = await post(changes)
  expect(response.status).toBe(201)
  return response.json()
}

describe('a redirect URI', () => {
  it.each([
    'https://app.test/cb',
    'https://app.test',
    'https://app.test:8443/cb?x=1&y=%20',
    'http://127.0.0.1/cb',
    'http://127.0.0.1:3000/cb',
    'http://[::1]/cb',
    'http://[::1]:3000/cb',
    'com.example.app:/cb',
    'com.example.app://cb/x',
    'https://xn--bcher-kva.test/cb',
  ])('AZ-12: may be %s, kept byte for byte', async uri => {
    const client = await created({ redirect_uris: [uri], post_logout_redirect_uris: [uri] })
    expect(client).toMatchObject({ redirect_uris: [uri], post_logout_redirect_uris: [uri] })
  })

  it.each([
    'http://app.test/cb',
    'http://localhost/cb',
    'http://localhost:3000/cb',
    'http://127.0.0.1.evil.test/cb',
    'http://127.0.0.2/cb',
    'http://127.1/cb',
    'http://2130706433/cb',
    'http://0x7f.0.0.1/cb',
    'http://0177.0.0.1/cb',
    'http://[::ffff:127.0.0.1]/cb',
    'http://[0:0:0:0:0:0:0:1]/cb',
    'http://192.168.0.1/cb',
    'https://app.test/cb#fragment',
    'https://app.test/cb#',
    'https://user@app.test/cb',
    'https://user:password@app.test/cb',
    'https://@app.test/cb',
    'com.example.app://user@host/cb',
    'https://app.test\\@evil.test/cb',
    'https://*.app.test/cb',
    'https:app.test/cb',
    'https:/app.test/cb',
    'https:///app.test/cb',
    'https://',
    'https://bücher.test/cb',
    'https://app.test/ cb',
    ' https://app.test/cb',
    'https://app.test/cb\n',
    'https://app.test/\tcb',
    'https://app.test/\u0000',
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    'ftp://app.test/cb',
    'ws://app.test/cb',
    'blob:https://app.test/x',
    'about:blank',
    'myapp:/cb',
    'myapp://cb',
    'urn:ietf:wg:oauth:2.0:oob',
    '//app.test/cb',
    '/cb',
    'app.test/cb',
    'x',
    '',
    `https://app.test/${'x'.repeat(2_048)}`,
  ])('AZ-12: may not be %j', async uri => {
    for (const field of ['redirect_uris', 'post_logout_redirect_uris']) {
      const refused = await post({ [field]: ['https://app.test/ok', uri] })
      expect(await expectRefusal(refused, field)).toBe('invalid_request')
    }
    expect(await expectRefusal(await post({ link_uri: uri }), 'link_uri')).toBe('invalid_request')
  })

  it('WH-02: of an app link is not on this machine, unless that was allowed', async () => {
    const link_uri = 'http://127.0.0.1:3000/open'
    expect(await expectRefusal(await post({ link_uri }), 'link_uri')).toBe('invalid_request')
    const local = createService({ ISSUER: 'http://localhost:8787', LOOPBACK_TARGETS: 'on' })
    const allowed = await local.request(CLIENTS, admin(local, json({ ...MINIMAL, link_uri })))
    expect(allowed.status).toBe(201)
  })
})

describe('a field beyond its limits', () => {
  const WRONG: Readonly<Record<string, readonly unknown[]>> = {
    client_id: [
      '',
      'x',
      'A-b',
      '-ab',
      'a b',
      'a/b',
      `a${'b'.repeat(63)}`,
      'äöü',
      '__proto__',
      'ab\n',
      1,
      null,
    ],
    name: ['', 'x'.repeat(301), null, 1, [], {}, undefined],
    kind: ['', 'first', 'FIRST_PARTY', null, 1, undefined],
    type: ['', 'secret', null, 1, undefined],
    redirect_uris: ['https://app.test', [1], [null], {}, null, Array(51).fill('https://app.test/cb')],
    grant_types: [['password'], ['implicit'], 'refresh_token', [''], [null], null],
    scopes: [
      ['a b'],
      ['"'],
      ['\\'],
      [''],
      ['ä'],
      ['a\n'],
      ['x'.repeat(101)],
      Array(51).fill('x'),
      'read',
      null,
      undefined,
    ],
    audience: ['', 'x', 'https://api.test/#x', 1, []],
    token_endpoint_auth_method: [
      '',
      'none ',
      'client_secret_jwt',
      'client_secret_basic',
      'client_secret_post',
      null,
    ],
    cors_origins: [
      ['*'],
      ['null'],
      ['https://app.test/'],
      ['https://app.test/x'],
      ['http://app.test'],
      ['app.test'],
      'https://app.test',
    ],
    session_rule: [
      null,
      1,
      {},
      { limit: 1 },
      { at_limit: 'refuse' },
      ...[0, -1, 1.5, '1', 1e9, true].map(limit => ({ limit, at_limit: 'refuse' })),
      ...['', 'replace', 'REFUSE', null, 1].map(at_limit => ({ limit: 1, at_limit })),
    ],
    refresh_grace_seconds: [-1, 61, 1.5, '10', null],
    access_token_seconds: [0, -1, 3_601, 1.5, '600', null],
  }

  it.each(Object.entries(WRONG))(
    'AP-03: %s is refused by name, and nothing is registered',
    async (field, values) => {
      const before = await dump(service)
      for (const value of values) {
        const refused = await post({ [field]: value })
        const detail = ((await refused.clone().json()) as { detail: string }).detail
        expect(await expectRefusal(refused, `${field} ${JSON.stringify(value)?.slice(0, 80)}`)).toBe(
          'invalid_request',
        )
        expect(detail, JSON.stringify(value)).toContain(field)
      }
      expect(await dump(service)).toBe(before)
    },
  )

  it('AP-03: at its limits is taken', async () => {
    for (const good of [
      { name: 'x'.repeat(300) },
      { scopes: [] },
      { scopes: Array.from({ length: 50 }, (_, nth) => `scope-${nth}`) },
      { redirect_uris: Array.from({ length: 50 }, (_, nth) => `https://app.test/${nth}`) },
      { session_rule: { limit: null, at_limit: 'replace_oldest' } },
      { session_rule: { limit: 3, at_limit: 'replace_least_recent' } },
      { refresh_grace_seconds: 0, access_token_seconds: 1 },
      { refresh_grace_seconds: 60, access_token_seconds: 3_600 },
      { audience: 'https://api.test', cors_origins: ['https://app.test', 'http://localhost:3000'] },
    ]) {
      expect(await created(good)).toMatchObject(good)
    }
  })
})

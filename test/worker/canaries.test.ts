// Every secret of a few journeys is looked for in all that leaves: logs, alarms, refusals, and the database.
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { parseBase64url, toBase64url, utf8 } from '../../src/domain/encoding.ts'
import { listAlarms } from './support/alarms.ts'
import { ACCEPT_JSON, askForMail, browser, signInBrowser } from './support/browser.ts'
import { dump } from './support/dump.ts'
import { claimsOf, leakKey, toHex, withBadSignature } from './support/leaked-key.ts'
import { admin, bearer, createService, form, freshAddress, json } from './support/service.ts'
import { createClient, redeem, refresh, requestLink, type Tokens } from './support/sign-in.ts'
import { watchDatabases } from './support/watched-databases.ts'

const watch = watchDatabases()
const service = createService(watch.bindings)

/** By name, all that nobody but its holder may ever see again. */
const secrets: Record<string, string> = {}
/** What left, but for the answers that carry a secret to its holder. */
const outputs = { logs: '', alarms: '', refusals: '', database: '', user: '' }

function keepToken(name: string, token: string): void {
  const [head = '', payload, signature] = token.split('.')
  secrets[name] = token
  if (payload !== undefined && signature !== undefined && head.startsWith('eyJ')) {
    secrets[`payload of ${name}`] = payload
    secrets[`signature of ${name}`] = signature
    const { eb } = claimsOf(token)
    if (typeof eb === 'string') secrets[`bucket of ${name}`] = eb
  }
}

async function refuse(answer: Promise<Response>): Promise<void> {
  const response = await answer
  expect(response.status, await response.clone().text()).toBeGreaterThanOrEqual(400)
  outputs.refusals += `${[...response.headers].join('\n')}\n${await response.text()}\n`
}

beforeAll(async () => {
  const levels = ['debug', 'log', 'info', 'warn', 'error', 'trace'] as const
  const consoles = levels.map(level => vi.spyOn(console, level).mockReturnValue())
  const registration = { type: 'confidential', token_endpoint_auth_method: 'client_secret_post' }
  const { client_id } = await createClient(service)
  const { client_secret = '', client_id: confidential } = await createClient(service, registration)
  secrets['client secret'] = client_secret
  secrets['admin token'] = String(service.env.ADMIN_TOKEN)

  await appJourney(client_id)
  await forgeryJourney(client_id)
  await browserJourney()
  await refuse(
    service.request(
      '/oauth2/token',
      form({ grant_type: 'refresh_token', client_id: confidential, client_secret: `${client_secret}x` }),
    ),
  )
  await refuse(service.request('/admin/v1/clients', bearer(`${secrets['admin token']}x`)))
  await failureJourney(client_id)

  outputs.logs = consoles.flatMap(spy => spy.mock.calls.flat()).join('\n')
  outputs.alarms = JSON.stringify(await listAlarms(service))
  outputs.database = await dump(service)
})

async function appJourney(clientId: string): Promise<void> {
  const email = freshAddress()
  secrets.address = email
  const attempt = await requestLink(service, clientId, email)
  keepToken('link', attempt.token)
  secrets['code verifier'] = attempt.codeVerifier
  secrets.code = attempt.code
  secrets['code, as compared'] = attempt.code.replace('-', '')
  await refuse(redeem(service, { ...attempt, codeVerifier: `${attempt.codeVerifier.slice(0, -1)}~` }))
  await refuse(redeem(service, { ...attempt, code: 'BBBB-BBBB' }, 'code'))
  const tokens = (await (await redeem(service, attempt, 'code')).json()) as Tokens
  await refuse(redeem(service, attempt))
  await refuse(redeem(service, attempt, 'code'))
  keepTokens('first', tokens)
  const next = (await (await refresh(service, tokens)).json()) as Tokens
  keepTokens('second', next)
  await refuse(service.request('/ping/whoami', bearer(tokens.access_token)))
  await refuse(service.request(`/ping/whoami?access_token=${next.access_token}`))
  await refuse(refresh(service, next, { scope: 'more' }))
  await refuse(refresh(service, { ...next, refresh_token: `${next.refresh_token}x` }))
  const list = await service.request('/v1/sessions', bearer(next.access_token))
  const events = await service.request('/v1/events', bearer(next.access_token))
  outputs.user += (await list.text()) + (await events.text())
  service.now += 60
  await refuse(refresh(service, tokens))
}

function keepTokens(name: string, tokens: Tokens): void {
  keepToken(`${name} access token`, tokens.access_token)
  keepToken(`${name} ID token`, tokens.id_token ?? '')
  secrets[`${name} refresh token`] = tokens.refresh_token
  secrets[`secret of ${name} refresh token`] = tokens.refresh_token.split('.')[2] ?? ''
}

async function forgeryJourney(clientId: string): Promise<void> {
  const key = await leakKey(service)
  const attempt = await requestLink(service, clientId, freshAddress())
  const { access_token } = (await (await redeem(service, attempt)).json()) as Tokens
  keepToken('third access token', access_token)
  const forged = await key.resign(access_token, { scope: 'admin' })
  keepToken('forged access token', forged)
  keepToken('forged link', await key.resign(attempt.token, { x: 1 }))
  await refuse(service.request('/ping/whoami', bearer(forged)))
  await refuse(service.request('/ping/whoami', bearer(withBadSignature(access_token))))
  await refuse(redeem(service, { ...attempt, token: secrets['forged link'] ?? '' }))
  await refuse(service.request(`/sign-in/link?token=${secrets['forged link']}`))
}

async function browserJourney(): Promise<void> {
  const asking = browser(service)
  const mail = await askForMail(service, asking, freshAddress())
  keepToken('link for a browser', mail.token)
  secrets['code for a browser'] = mail.code
  secrets['binding cookie'] = asking.cookie('__Host-sign-in') ?? ''
  await refuse(browser(service).post('/sign-in/link', { token: mail.token }, ACCEPT_JSON))
  await refuse(asking.post('/sign-in/link', { token: mail.token, csrf_token: 'wrong' }))
  const signedIn = await signInBrowser(service, freshAddress())
  secrets['session cookie'] = signedIn.cookie('__Host-session') ?? ''
  await signedIn.get('/account')
  secrets['csrf token'] = signedIn.csrfToken ?? ''
  secrets['csrf cookie'] = signedIn.cookie('__Host-csrf') ?? ''
  outputs.user += await (await signedIn.get('/v1/sessions')).text()
  await refuse(service.request('/ping/whoami', bearer(secrets['session cookie'])))
}

/** Storage whose errors repeat what it was asked, over several lines. */
async function failureJourney(clientId: string): Promise<void> {
  const attempt = await requestLink(service, clientId, freshAddress())
  keepToken('link that meets a failure', attempt.token)
  watch.refuses = () => {
    throw new Error(`D1_ERROR: near\n${attempt.token}\n${attempt.codeVerifier}\n    at offset 4`)
  }
  await refuse(redeem(service, attempt))
  await refuse(service.request('/v1/sign-ins', json({ client_id: 'c_unknown', email: secrets.address })))
  await refuse(service.request('/admin/v1/clients', admin(service)))
  watch.refuses = () => false
}

const encodings = (secret: string): readonly string[] => {
  const bytes = parseBase64url(secret)
  return [
    secret,
    encodeURIComponent(secret),
    btoa(secret).replace(/=*$/, '').slice(0, -1),
    toBase64url(utf8(secret)).slice(0, -1),
    toHex(utf8(secret)),
    ...(bytes === null || secret.length < 32 ? [] : [toHex(bytes)]),
  ]
}

/** A secret also leaks when only most of it does. */
const found = (text: string): string[] =>
  Object.entries(secrets)
    .filter(([, secret]) => [...encodings(secret), secret.slice(0, 40)].some(form => text.includes(form)))
    .map(([name]) => name)

describe('every credential of the journeys', () => {
  it('LG-02: was there to be looked for', () => {
    expect(Object.values(secrets).filter(secret => secret.length < 8)).toEqual([])
    expect(Object.keys(secrets).length).toBeGreaterThan(40)
    expect(outputs.logs.split('\n').length).toBeGreaterThan(20)
    expect(outputs.alarms).toContain('token.forged')
    expect(outputs.alarms).toContain('link.forged')
    expect(outputs.alarms).toContain('refresh.reused')
  })

  it('LG-02, EB-12: is in no log', () => expect(found(outputs.logs)).toEqual([]))
  it('EB-12: is in no alarm', () => expect(found(outputs.alarms)).toEqual([]))
  it('EB-12: is in no refusal', () => expect(found(outputs.refusals)).toEqual([]))
  it('SE-10: is in no list that its user sees', () => expect(found(outputs.user)).toEqual([]))
  it('I9, EB-01: is not in the database, but for the address', () => {
    expect(found(outputs.database)).toEqual(['address'])
  })
})

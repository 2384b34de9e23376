// The service as tests meet it: the real app on real D1 and real objects, with a clock and a mailbox of its own.
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { createApp } from '../../../src/app.ts'
import type { RETENTION } from '../../../src/domain/limits.ts'
import type { MailMessage } from '../../../src/mail/message.ts'
import type { Parts } from '../../../src/sign-in/parts.ts'
import { holdToDocument } from './described.ts'

export interface Service {
  readonly env: Env
  readonly parts: Parts
  readonly mails: MailMessage[]
  now: number
  /** Makes the mail transport fail while it is set. */
  mailFails: boolean
  /** Every request to the outside, in order. */
  readonly outbound: { readonly uri: string; readonly init: RequestInit }[]
  /** What the outside answers; nobody is there unless a test says so. */
  answers: (uri: string, init: RequestInit) => Promise<Response>
  readonly request: (path: string, init?: RequestInit) => Promise<Response>
  readonly newestMail: (address: string) => MailMessage
}

export const ISSUER = 'https://auth.test'

/** Settings that are in no `wrangler.toml`. */
type Optional = 'ALARM_MAIL_TO' | 'ON_FORGERY' | keyof typeof RETENTION

/** @param overrides of settings and bindings */
export function createService(overrides: Partial<Record<keyof Env | Optional, unknown>> = {}): Service {
  const serviceEnv = { ...env, ...overrides } as Env
  const mails: MailMessage[] = []
  const outbound: Service['outbound'] = []
  const nobody: Service['answers'] = () => Promise.reject(new Error('nobody is there'))
  const ip = freshIp()
  const state = { now: Math.floor(Date.now() / 1_000), mailFails: false, answers: nobody }
  const app = createApp({
    now: () => state.now,
    mail: () => ({
      send: async message => {
        if (state.mailFails) throw new Error('the mail server is down')
        mails.push(message)
      },
    }),
    fetch: async (uri, init = {}) => {
      outbound.push({ uri: String(uri), init: init as RequestInit })
      return state.answers(String(uri), init as RequestInit)
    },
  })
  return {
    env: serviceEnv,
    get parts() {
      return app.parts(serviceEnv)
    },
    mails,
    outbound,
    get answers() {
      return state.answers
    },
    set answers(value) {
      state.answers = value
    },
    get now() {
      return state.now
    },
    set now(value) {
      state.now = value
    },
    get mailFails() {
      return state.mailFails
    },
    set mailFails(value) {
      state.mailFails = value
    },
    async request(path, init) {
      const context = createExecutionContext()
      const response = await app.request(new URL(path, ISSUER).href, from(ip, init), serviceEnv, context)
      await waitOnExecutionContext(context)
      await holdToDocument(init?.method ?? 'GET', new URL(path, ISSUER).pathname, response)
      return response
    },
    newestMail(address) {
      const mail = mails.findLast(each => each.to === address)
      if (mail === undefined) throw new Error(`no mail for ${address}`)
      return mail
    },
  }
}

/** An address that no other test uses. */
export const freshAddress = (): string => `user-${crypto.randomUUID()}@example.test`

/** A network of one's own, a /48, so that limits of one test never meet those of another. */
export const freshIp = (): string => {
  const [second = 0, third = 0] = crypto.getRandomValues(new Uint16Array(2))
  return `2001:${second.toString(16)}:${third.toString(16)}::1`
}

/** The request from this network, unless it names another. */
function from(ip: string, init: RequestInit = {}): RequestInit {
  const headers = new Headers(init.headers)
  if (!headers.has('CF-Connecting-IP')) headers.set('CF-Connecting-IP', ip)
  return { ...init, headers }
}

export const form = (fields: Readonly<Record<string, string>>): RequestInit => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
})

export const json = (body: unknown, method = 'POST'): RequestInit => ({
  method,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
})

export const bearer = (token: string, init: RequestInit = {}): RequestInit => {
  const headers = new Headers(init.headers)
  headers.set('Authorization', `Bearer ${token}`)
  return { ...init, headers }
}

export const admin = (service: Service, init: RequestInit = {}): RequestInit =>
  bearer(String(service.env.ADMIN_TOKEN), init)
